//! Encoding and decoding of TCAP components (Q.773 §3.1).

use std::time::Duration;

use bytes::Bytes;

use super::{Code, Component, OperationClass};
use crate::ber::{BerError, Class, Element, Fault, Reader, Tag, Writer};
use crate::problem::{GeneralProblem, InvokeProblem, Problem, ReturnErrorProblem, ReturnResultProblem};

const INVOKE: Tag = Tag::context(1);
const RESULT_LAST: Tag = Tag::context(2);
const ERROR: Tag = Tag::context(3);
const REJECT: Tag = Tag::context(4);
const RESULT_NOT_LAST: Tag = Tag::context(7);
const LINKED: Tag = Tag::context(0);

/// A component that has to be rejected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ComponentFault {
    /// Its invoke id, where readable.
    pub invoke_id: Option<i8>,
    /// The problem.
    pub problem: Problem,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of a faulty component.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// An Invoke: it opens an operation of its sender.
    Invoke,
    /// A result or error: it ends an operation of its receiver.
    Answer,
    /// A Reject, which is never answered.
    Reject,
    /// An unknown kind.
    Unknown,
}

/// Decodes the components of one message up to the first faulty one. The rest is ignored.
pub(crate) fn read(portion: &Element<'_>, whole: &Bytes) -> (Vec<Component>, Option<ComponentFault>) {
    let mut components = Vec::new();
    let mut elements = portion.reader();
    loop {
        match elements.next() {
            Ok(None) => return (components, None),
            Ok(Some(element)) => match read_one(&element, whole) {
                Ok(component) => components.push(component),
                Err(fault) => return (components, Some(fault)),
            },
            Err(_) => {
                let problem = Problem::General(GeneralProblem::BadlyStructuredComponent);
                return (components, Some(ComponentFault { invoke_id: None, problem, kind: Kind::Unknown }));
            }
        }
    }
}

fn read_one(element: &Element<'_>, whole: &Bytes) -> Result<Component, ComponentFault> {
    let read = match element.tag {
        INVOKE => invoke(element, whole),
        RESULT_LAST => result(element, whole).map(|(invoke_id, operation, parameter)| {
            Component::ResultLast { invoke_id, operation, parameter }
        }),
        RESULT_NOT_LAST => result(element, whole).map(|(invoke_id, operation, parameter)| {
            Component::ResultNotLast { invoke_id, operation, parameter }
        }),
        ERROR => error(element, whole),
        REJECT => reject(element),
        _ => return Err(fault(element, GeneralProblem::UnrecognizedComponent)),
    };
    read.map_err(|error| match error.fault {
        Fault::Content | Fault::Unexpected => fault(element, GeneralProblem::MistypedComponent),
        _ => fault(element, GeneralProblem::BadlyStructuredComponent),
    })
}

fn fault(element: &Element<'_>, problem: GeneralProblem) -> ComponentFault {
    let invoke_id = match element.sequence().and_then(|mut inside| inside.next()) {
        Ok(Some(first)) if first.tag == Tag::INTEGER => id(&first).ok(),
        _ => None,
    };
    let kind = match element.tag {
        INVOKE => Kind::Invoke,
        RESULT_LAST | RESULT_NOT_LAST | ERROR => Kind::Answer,
        REJECT => Kind::Reject,
        _ => Kind::Unknown,
    };
    ComponentFault { invoke_id, problem: Problem::General(problem), kind }
}

fn invoke(element: &Element<'_>, whole: &Bytes) -> Result<Component, BerError> {
    let mut inside = element.sequence()?;
    let invoke_id = id(&inside.required(Tag::INTEGER)?)?;
    let linked = inside.optional(LINKED)?.map(|linked| id(&linked)).transpose()?;
    let operation = code(element, &mut inside)?;
    let parameter = parameter(element, &mut inside, whole)?;
    let (class, timeout) = (OperationClass::One, Duration::ZERO);
    Ok(Component::Invoke { invoke_id, linked, operation, parameter, class, timeout })
}

type Reported = (i8, Option<Code>, Option<Bytes>);

fn result(element: &Element<'_>, whole: &Bytes) -> Result<Reported, BerError> {
    let mut inside = element.sequence()?;
    let invoke_id = id(&inside.required(Tag::INTEGER)?)?;
    let Some(both) = inside.optional(Tag::SEQUENCE)? else {
        end(element, &inside)?;
        return Ok((invoke_id, None, None));
    };
    end(element, &inside)?;
    let mut of_both = both.sequence()?;
    let operation = code(&both, &mut of_both)?;
    Ok((invoke_id, Some(operation), parameter(&both, &mut of_both, whole)?))
}

fn error(element: &Element<'_>, whole: &Bytes) -> Result<Component, BerError> {
    let mut inside = element.sequence()?;
    let invoke_id = id(&inside.required(Tag::INTEGER)?)?;
    let code = code(element, &mut inside)?;
    Ok(Component::Error { invoke_id, code, parameter: parameter(element, &mut inside, whole)? })
}

fn reject(element: &Element<'_>) -> Result<Component, BerError> {
    let mut inside = element.sequence()?;
    let first = inside.next()?.ok_or_else(|| element.fault(Fault::Unexpected))?;
    let invoke_id = match first.tag {
        Tag::NULL => {
            first.null()?;
            None
        }
        Tag::INTEGER => Some(id(&first)?),
        _ => return Err(first.fault(Fault::Unexpected)),
    };
    let second = inside.next()?.ok_or_else(|| element.fault(Fault::Unexpected))?;
    let code = second.integer()?;
    let problem = match (second.tag.class, second.tag.number) {
        (Class::Context, 0) => Problem::General(GeneralProblem::from_code(code)),
        (Class::Context, 1) => Problem::Invoke(InvokeProblem::from_code(code)),
        (Class::Context, 2) => Problem::ReturnResult(ReturnResultProblem::from_code(code)),
        (Class::Context, 3) => Problem::ReturnError(ReturnErrorProblem::from_code(code)),
        _ => return Err(second.fault(Fault::Unexpected)),
    };
    end(element, &inside)?;
    Ok(Component::Reject { invoke_id, problem })
}

fn id(element: &Element<'_>) -> Result<i8, BerError> {
    i8::try_from(element.integer()?).map_err(|_| element.fault(Fault::Content))
}

fn code(of: &Element<'_>, inside: &mut Reader<'_>) -> Result<Code, BerError> {
    match inside.next()? {
        Some(local) if local.tag == Tag::INTEGER => Ok(Code::Local(local.integer()?)),
        Some(global) if global.tag == Tag::OBJECT_IDENTIFIER => Ok(Code::Global(global.oid()?)),
        _ => Err(of.fault(Fault::Unexpected)),
    }
}

/// The parameter, which is the last element of its component.
fn parameter(of: &Element<'_>, inside: &mut Reader<'_>, whole: &Bytes) -> Result<Option<Bytes>, BerError> {
    let parameter = inside.next()?.map(|element| whole.slice_ref(element.octets()));
    end(of, inside)?;
    Ok(parameter)
}

fn end(of: &Element<'_>, inside: &Reader<'_>) -> Result<(), BerError> {
    if inside.is_empty() { Ok(()) } else { Err(of.fault(Fault::Unexpected)) }
}

/// Writes one component.
pub(crate) fn write(component: &Component, writer: &mut Writer) {
    match component {
        Component::Invoke { invoke_id, linked, operation, parameter, .. } => {
            writer.constructed(INVOKE, |w| {
                w.integer(Tag::INTEGER, i64::from(*invoke_id));
                if let Some(linked) = linked {
                    w.integer(LINKED, i64::from(*linked));
                }
                write_code(operation, w);
                w.raw(parameter.as_deref().unwrap_or_default());
            });
        }
        Component::ResultLast { invoke_id, operation, parameter } => {
            write_result(RESULT_LAST, *invoke_id, operation.as_ref(), parameter.as_ref(), writer);
        }
        Component::ResultNotLast { invoke_id, operation, parameter } => {
            write_result(RESULT_NOT_LAST, *invoke_id, operation.as_ref(), parameter.as_ref(), writer);
        }
        Component::Error { invoke_id, code, parameter } => writer.constructed(ERROR, |w| {
            w.integer(Tag::INTEGER, i64::from(*invoke_id));
            write_code(code, w);
            w.raw(parameter.as_deref().unwrap_or_default());
        }),
        Component::Reject { invoke_id, problem } => writer.constructed(REJECT, |w| {
            match invoke_id {
                Some(invoke_id) => w.integer(Tag::INTEGER, i64::from(*invoke_id)),
                None => w.null(Tag::NULL),
            }
            let (kind, code) = match problem {
                Problem::General(problem) => (0, problem.code()),
                Problem::Invoke(problem) => (1, problem.code()),
                Problem::ReturnResult(problem) => (2, problem.code()),
                Problem::ReturnError(problem) => (3, problem.code()),
            };
            w.integer(Tag::context(kind), code);
        }),
    }
}

fn write_result(
    tag: Tag,
    invoke_id: i8,
    operation: Option<&Code>,
    parameter: Option<&Bytes>,
    writer: &mut Writer,
) {
    writer.constructed(tag, |w| {
        w.integer(Tag::INTEGER, i64::from(invoke_id));
        if let Some(operation) = operation {
            w.constructed(Tag::SEQUENCE, |w| {
                write_code(operation, w);
                w.raw(parameter.map(Bytes::as_ref).unwrap_or_default());
            });
        }
    });
}

fn write_code(code: &Code, writer: &mut Writer) {
    match code {
        Code::Local(local) => writer.integer(Tag::INTEGER, *local),
        Code::Global(global) => writer.oid(Tag::OBJECT_IDENTIFIER, global),
    }
}
