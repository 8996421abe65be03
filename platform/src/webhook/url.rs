//! URLs of applications: which ones are callable, and how a reference in a document resolves.

use url::Url;

/// Characters that a URL may have.
const URL_CHARACTERS_MAX: usize = 4000;

/// Whether `url` can be called at all: http or https, with a host, at most 4,000 characters.
pub fn is_callable(url: &str) -> bool {
    let host = |url: Url| url.has_host() && matches!(url.scheme(), "http" | "https");
    url.len() <= URL_CHARACTERS_MAX && !url.chars().any(char::is_control) && Url::parse(url).is_ok_and(host)
}

/// The URL that `reference` means inside a document from `document`.
pub(crate) fn resolve(document: &str, reference: &str) -> Option<String> {
    if reference.starts_with("http://") || reference.starts_with("https://") {
        return is_callable(reference).then(|| reference.to_owned()); // as written, for the signature
    }
    let resolved: String = Url::parse(document).ok()?.join(reference).ok()?.into();
    is_callable(&resolved).then_some(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_http_can_call_is_callable() {
        for url in ["http://localhost:5000/sms", "https://u:p@[::1]/x?y=1#ct=100", "http://10.0.0.1/ü"] {
            assert!(is_callable(url), "{url}");
        }
        let long = format!("http://h/{}", "a".repeat(4000));
        for url in ["", "/sms", "ftp://h/", "http://", "javascript:alert(1)", "http://h/\n", &long] {
            assert!(!is_callable(url), "{url}");
        }
    }

    #[test]
    fn a_document_means_urls_relative_to_itself() {
        let resolved = |reference| resolve("https://h:8443/app/sms?x=1", reference);
        assert_eq!(resolved("next?y=2").as_deref(), Some("https://h:8443/app/next?y=2"));
        assert_eq!(resolved("/next").as_deref(), Some("https://h:8443/next"));
        assert_eq!(resolved("http://Other/ü").as_deref(), Some("http://Other/ü"));
        assert_eq!(resolved("file:///etc/passwd"), None);
    }
}
