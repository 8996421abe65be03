//! The error numbers of the API, of messages and of webhooks, with the texts of the dictionary.

// Of a refused request; its text is that of the error, which names the field or the number.
/// Unauthenticated.
pub const UNAUTHENTICATED: u32 = 20003;
/// Account not active.
pub const ACCOUNT_NOT_ACTIVE: u32 = 20005;
/// Not found.
pub const NOT_FOUND: u32 = 20404;
/// Method not allowed.
pub const METHOD_NOT_ALLOWED: u32 = 20004;
/// Bad request.
pub const BAD_REQUEST: u32 = 20001;
/// Invalid parameter.
pub const INVALID_PARAMETER: u32 = 20422;
/// Too large.
pub const TOO_LARGE: u32 = 20413;
/// Too many requests.
pub const TOO_MANY_REQUESTS: u32 = 20429;
/// Internal.
pub const INTERNAL: u32 = 20500;
/// Unavailable.
pub const UNAVAILABLE: u32 = 20503;
/// Not complete.
pub const NOT_COMPLETE: u32 = 20009;
/// To missing.
pub const TO_MISSING: u32 = 21604;
/// From missing.
pub const FROM_MISSING: u32 = 21603;
/// Body missing.
pub const BODY_MISSING: u32 = 21602;
/// Invalid to.
pub const INVALID_TO: u32 = 21211;
/// Invalid from.
pub const INVALID_FROM: u32 = 21212;
/// From not owned.
pub const FROM_NOT_OWNED: u32 = 21606;
/// Unreachable.
pub const UNREACHABLE: u32 = 21612;
/// Region not permitted.
pub const REGION_NOT_PERMITTED: u32 = 21408;
/// Body too long.
pub const BODY_TOO_LONG: u32 = 21617;
/// Body not carried.
pub const BODY_NOT_CARRIED: u32 = 21658;
/// Invalid status callback.
pub const INVALID_STATUS_CALLBACK: u32 = 21609;
/// Invalid validity.
pub const INVALID_VALIDITY: u32 = 21624;
/// No messaging service.
pub const NO_MESSAGING_SERVICE: u32 = 21701;
/// Media not supported.
pub const MEDIA_NOT_SUPPORTED: u32 = 21622;
/// No content template.
pub const NO_CONTENT_TEMPLATE: u32 = 21655;
/// Invalid number.
pub const INVALID_NUMBER: u32 = 21421;
/// Number not available.
pub const NUMBER_NOT_AVAILABLE: u32 = 21422;
/// Schedule without service.
pub const SCHEDULE_WITHOUT_SERVICE: u32 = 35118;
/// Not cancelable.
pub const NOT_CANCELABLE: u32 = 30409;
/// Invalid update.
pub const INVALID_UPDATE: u32 = 30400;

// Of a webhook and its document, and of a message that was not sent or not delivered.
/// Invalid URL format.
pub const INVALID_URL: u32 = 11100;
/// HTTP retrieval failure.
pub const HTTP_RETRIEVAL: u32 = 11200;
/// HTTP connection failure.
pub const HTTP_CONNECTION: u32 = 11205;
/// HTTP protocol violation.
pub const HTTP_PROTOCOL: u32 = 11206;
/// HTTP bad host name.
pub const HTTP_BAD_HOST: u32 = 11210;
/// HTTP too many redirects.
pub const HTTP_REDIRECTS: u32 = 11215;
/// Certificate invalid.
pub const INVALID_CERTIFICATE: u32 = 11237;
/// `TwiML` response body too large.
pub const ANSWER_TOO_LARGE: u32 = 11750;
/// Document parse failure.
pub const DOCUMENT_PARSE: u32 = 12100;
/// Schema validation warning.
pub const DOCUMENT_SCHEMA: u32 = 12200;
/// Invalid Content-Type.
pub const INVALID_CONTENT_TYPE: u32 = 12300;
/// Invalid "To" attribute.
pub const REPLY_INVALID_TO: u32 = 14101;
/// Invalid "From" attribute.
pub const REPLY_INVALID_FROM: u32 = 14102;
/// Invalid Body.
pub const REPLY_INVALID_BODY: u32 = 14103;
/// Message: Too many documents.
pub const TOO_MANY_DOCUMENTS: u32 = 14106;
/// Message: Reply rate limit exceeded.
pub const REPLY_RATE_EXCEEDED: u32 = 14107;
/// Message: Reply limit exceeded.
pub const TOO_MANY_REPLIES: u32 = 14109;
/// Unreachable destination handset.
pub const HANDSET_UNREACHABLE: u32 = 30003;
/// Message blocked.
pub const MESSAGE_BLOCKED: u32 = 30004;
/// Unknown destination handset.
pub const HANDSET_UNKNOWN: u32 = 30005;
/// Landline or unreachable carrier.
pub const CARRIER_UNREACHABLE: u32 = 30006;
/// Message filtered.
pub const MESSAGE_FILTERED: u32 = 30007;
/// Carrier network congestion.
pub const CARRIER_CONGESTED: u32 = 30017;
/// Destination carrier requires sender pre-registration.
pub const SENDER_NOT_REGISTERED: u32 = 30018;
/// Content size exceeds carrier limit.
pub const CONTENT_TOO_LONG: u32 = 30019;
/// Validity period expired.
pub const VALIDITY_EXPIRED: u32 = 30036;
/// Unknown error.
pub const UNKNOWN_ERROR: u32 = 30008;

/// The text of the dictionary for the error number of a message.
pub fn text_of(code: u32) -> &'static str {
    match code {
        INVALID_URL => "Invalid URL format",
        HTTP_RETRIEVAL => "HTTP retrieval failure",
        HTTP_CONNECTION => "HTTP connection failure",
        HTTP_PROTOCOL => "HTTP protocol violation",
        HTTP_BAD_HOST => "HTTP bad host name",
        HTTP_REDIRECTS => "HTTP too many redirects",
        INVALID_CERTIFICATE => "Certificate invalid",
        ANSWER_TOO_LARGE => "TwiML response body too large",
        DOCUMENT_PARSE => "Document parse failure",
        DOCUMENT_SCHEMA => "Schema validation warning",
        INVALID_CONTENT_TYPE => "Invalid Content-Type",
        REPLY_INVALID_TO => "Invalid \"To\" attribute",
        REPLY_INVALID_FROM => "Invalid \"From\" attribute",
        REPLY_INVALID_BODY => "Invalid Body",
        TOO_MANY_DOCUMENTS => "Message: Too many documents",
        REPLY_RATE_EXCEEDED => "Message: Reply rate limit exceeded",
        TOO_MANY_REPLIES => "Message: Reply limit exceeded",
        HANDSET_UNREACHABLE => "Unreachable destination handset",
        MESSAGE_BLOCKED => "Message blocked",
        HANDSET_UNKNOWN => "Unknown destination handset",
        CARRIER_UNREACHABLE => "Landline or unreachable carrier",
        MESSAGE_FILTERED => "Message filtered",
        CARRIER_CONGESTED => "Carrier network congestion",
        SENDER_NOT_REGISTERED => "Destination carrier requires sender pre-registration",
        CONTENT_TOO_LONG => "Content size exceeds carrier limit",
        VALIDITY_EXPIRED => "Validity period expired",
        _ => "Unknown error",
    }
}
