//! The macro that declares protocol codes (command ids, statuses, states, tags) as numbers with names.
//!
//! A code keeps its number, so a value that no standard names survives from
//! the wire to the wire; the standards' values are associated constants.

/// Declares a newtype over a number, its named values, and what each means.
macro_rules! codes {
    ($(#[$meta:meta])* $name:ident($repr:ty) { $($constant:ident = $value:literal, $text:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(pub $repr);

        impl $name {
            $(#[doc = $text] pub const $constant: Self = Self($value);)+

            /// Every named value, in the order of the standard.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];

            /// The standard's name of this value, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some(stringify!($constant)),)+
                    _ => None,
                }
            }

            /// What the value means, in words; empty where no standard names it.
            pub const fn text(self) -> &'static str {
                match self.0 {
                    $($value => $text,)+
                    _ => "",
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{}({name})", stringify!($name)),
                    None => write!(f, "{}({:#x})", stringify!($name), self.0),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }

        impl From<$repr> for $name {
            fn from(value: $repr) -> Self {
                Self(value)
            }
        }

        impl From<$name> for $repr {
            fn from(code: $name) -> Self {
                code.0
            }
        }
    };
}

pub(crate) use codes;
