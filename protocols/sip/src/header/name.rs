//! Names of header fields, with their compact forms (RFC 3261 §7.3.3, §20).

use std::fmt;

macro_rules! names {
    ($($variant:ident = $name:literal $(, $compact:literal)?;)*) => {
        /// The name of a header field.
        ///
        /// Names match without regard to case, and a compact form is the same name.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Name {
            $(#[doc = $name] $variant,)*
            /// A name that is unknown to this crate. Such fields are kept and
            /// found by [`Headers::get_named`](crate::Headers::get_named).
            Other,
        }

        impl Name {
            /// Recognises a name as it was written.
            pub fn of(written: &str) -> Self {
                $(if written.eq_ignore_ascii_case($name) $(|| written.eq_ignore_ascii_case($compact))? {
                    return Self::$variant;
                })*
                Self::Other
            }

            /// The long form, as the standard writes it; empty for [`Name::Other`].
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Other => "",
                }
            }
        }
    };
}

names! {
    Via = "Via", "v";
    From = "From", "f";
    To = "To", "t";
    CallId = "Call-ID", "i";
    CSeq = "CSeq";
    MaxForwards = "Max-Forwards";
    ContentType = "Content-Type", "c";
    ContentLength = "Content-Length", "l";
    Contact = "Contact", "m";
    Expires = "Expires";
    Route = "Route";
    RecordRoute = "Record-Route";
    Authorization = "Authorization";
    ProxyAuthorization = "Proxy-Authorization";
    WwwAuthenticate = "WWW-Authenticate";
    ProxyAuthenticate = "Proxy-Authenticate";
    AuthenticationInfo = "Authentication-Info";
    Allow = "Allow";
    Supported = "Supported", "k";
    Require = "Require";
    ProxyRequire = "Proxy-Require";
    Unsupported = "Unsupported";
    RetryAfter = "Retry-After";
    Date = "Date";
    PAssertedIdentity = "P-Asserted-Identity";
    PPreferredIdentity = "P-Preferred-Identity";
    InReplyTo = "In-Reply-To";
    Path = "Path";
    MinExpires = "Min-Expires";
    Accept = "Accept";
    AcceptEncoding = "Accept-Encoding";
    ContentEncoding = "Content-Encoding", "e";
    ContentDisposition = "Content-Disposition";
    UserAgent = "User-Agent";
    Server = "Server";
    Subject = "Subject", "s";
    Event = "Event", "o";
    Warning = "Warning";
    Timestamp = "Timestamp";
    Organization = "Organization";
    Priority = "Priority";
    ReplyTo = "Reply-To";
    ServiceRoute = "Service-Route";
}

impl Name {
    /// Whether a message carries this field once at most (RFC 3261 §20, table 2).
    pub(crate) const fn is_single(self) -> bool {
        matches!(
            self,
            Self::From
                | Self::To
                | Self::CallId
                | Self::CSeq
                | Self::MaxForwards
                | Self::ContentType
                | Self::ContentLength
                | Self::Expires
                | Self::Date
                | Self::RetryAfter
        )
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
