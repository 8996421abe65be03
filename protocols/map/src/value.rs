//! Common data types of MAP: octet strings, integers, times and enumerations (TS 29.002 §17.7.8).

use std::fmt;

use bytes::Bytes;
use tcap::ber::{self, Element, Tag};

use crate::error::Error;
use crate::field::Value;

/// maxSignalInfoLength.
const SIGNAL_INFO_MAX: usize = 200;

/// The octets of a short message, 1 to 200. `Debug` prints the count alone.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct SignalInfo(pub Bytes);

impl fmt::Debug for SignalInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignalInfo({} octets)", self.0.len())
    }
}

impl Value for SignalInfo {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let octets = element.octet_string()?;
        if octets.is_empty() || octets.len() > SIGNAL_INFO_MAX {
            return Err(Error::Mistyped("SignalInfo is not 1 to 200 octets"));
        }
        Ok(Self(Bytes::copy_from_slice(&octets)))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        if self.0.is_empty() || self.0.len() > SIGNAL_INFO_MAX {
            return Err(Error::Unwritable("SignalInfo is not 1 to 200 octets"));
        }
        out.primitive(tag, &self.0);
        Ok(())
    }
}

/// An OCTET STRING passed through undecoded. `Debug` prints the count alone.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Octets(pub Bytes);

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets({} octets)", self.0.len())
    }
}

impl Value for Octets {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        Ok(Self(Bytes::copy_from_slice(&element.octet_string()?)))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.primitive(tag, &self.0);
        Ok(())
    }
}

/// The contents of a SEQUENCE passed through undecoded, such as a CorrelationID or the Diameter address
/// of a node. `Debug` prints the count of octets alone.
#[derive(Clone, Default, Eq, Hash, PartialEq)]
pub struct Opaque(pub Bytes);

impl fmt::Debug for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opaque({} octets)", self.0.len())
    }
}

impl Value for Opaque {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        Ok(Self(Bytes::copy_from_slice(element.sequence()?.rest())))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.constructed(tag, |inside| inside.raw(&self.0));
        Ok(())
    }
}

/// Time: seconds since 1900, the first four octets of an NTP timestamp.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Time(pub u32);

impl Value for Time {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        let octets = element.octet_string()?;
        let octets = octets.as_ref().try_into().map_err(|_| Error::Mistyped("Time is not 4 octets"))?;
        Ok(Self(u32::from_be_bytes(octets)))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.primitive(tag, &self.0.to_be_bytes());
        Ok(())
    }
}

impl Value for bool {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        Ok(element.boolean()?)
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.boolean(tag, *self);
        Ok(())
    }
}

impl Value for u8 {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        Self::try_from(element.integer()?).map_err(|_| Error::Mistyped("INTEGER is out of range"))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.integer(tag, i64::from(*self));
        Ok(())
    }
}

impl Value for u16 {
    fn read(element: &Element<'_>) -> Result<Self, Error> {
        Self::try_from(element.integer()?).map_err(|_| Error::Mistyped("INTEGER is out of range"))
    }

    fn write(&self, tag: Tag, out: &mut ber::Writer) -> Result<(), Error> {
        out.integer(tag, i64::from(*self));
        Ok(())
    }
}

/// An ENUMERATED type; unknown values are kept.
macro_rules! enumerated {
    ($(#[$about:meta])* $name:ident { $($(#[$what:meta])* $variant:ident = $value:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum $name {
            $($(#[$what])* $variant,)*
            /// An unknown value.
            Other(u8),
        }

        impl $name {
            /// The encoded value.
            pub const fn value(self) -> u8 {
                match self {
                    $(Self::$variant => $value,)*
                    Self::Other(value) => value,
                }
            }
        }

        impl From<u8> for $name {
            fn from(value: u8) -> Self {
                match value {
                    $($value => Self::$variant,)*
                    other => Self::Other(other),
                }
            }
        }

        impl $crate::field::Value for $name {
            fn read(element: &tcap::ber::Element<'_>) -> Result<Self, $crate::error::Error> {
                <u8 as $crate::field::Value>::read(element).map(Self::from)
            }

            fn write(
                &self,
                tag: tcap::ber::Tag,
                out: &mut tcap::ber::Writer,
            ) -> Result<(), $crate::error::Error> {
                $crate::field::Value::write(&self.value(), tag, out)
            }
        }
    };
}
pub(crate) use enumerated;
