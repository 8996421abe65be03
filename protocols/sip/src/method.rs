//! The methods of requests; their names are case-sensitive (RFC 3261 §7.1).

use std::fmt;

use crate::grammar::is_token;

macro_rules! methods {
    ($($variant:ident = $name:literal, $source:literal;)*) => {
        /// What a request asks for.
        #[derive(Clone, Debug, Eq, Hash, PartialEq)]
        pub enum Method {
            $(#[doc = concat!($name, ", ", $source, ".")] $variant,)*
            /// A method this crate has no name for; it is kept as it was written.
            Other(Box<str>),
        }

        impl Method {
            /// Reads a method; `None` if `text` is not a token.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($name => Some(Self::$variant),)*
                    _ => is_token(text).then(|| Self::Other(text.into())),
                }
            }

            /// The name as it stands on the wire.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other(name) => name,
                }
            }
        }
    };
}

methods! {
    Ack = "ACK", "RFC 3261";
    Bye = "BYE", "RFC 3261";
    Cancel = "CANCEL", "RFC 3261";
    Info = "INFO", "RFC 6086";
    Invite = "INVITE", "RFC 3261";
    Message = "MESSAGE", "RFC 3428";
    Notify = "NOTIFY", "RFC 6665";
    Options = "OPTIONS", "RFC 3261";
    Prack = "PRACK", "RFC 3262";
    Publish = "PUBLISH", "RFC 3903";
    Refer = "REFER", "RFC 3515";
    Register = "REGISTER", "RFC 3261";
    Subscribe = "SUBSCRIBE", "RFC 6665";
    Update = "UPDATE", "RFC 3311";
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
