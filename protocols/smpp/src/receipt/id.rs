//! Matches the message id of a receipt with the one of submit_sm_resp, hexadecimal or decimal.
//!
//! SMPP 3.4 §5.2.23 defines a message id as an opaque string, but many centres write
//! it in hexadecimal in the response and in decimal in the receipt, or the
//! reverse, or with other leading zeros.

/// How a centre writes its ids.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum IdMatch {
    /// The same octets in both places.
    Exact,
    /// Hexadecimal in the response, decimal in the receipt.
    HexThenDecimal,
    /// Decimal in the response, hexadecimal in the receipt.
    DecimalThenHex,
    /// Not known: the same number in any of these ways.
    #[default]
    Auto,
}

impl IdMatch {
    /// The form under which to keep the id of a submit_sm_resp.
    pub fn key(self, response_id: &[u8]) -> Vec<u8> {
        match self {
            Self::Exact => response_id.to_vec(),
            _ => canonical(response_id),
        }
    }

    /// The keys under which the id of a receipt may have been kept, the likeliest first; at most three.
    pub fn candidates(self, receipt_id: &[u8]) -> Vec<Vec<u8>> {
        let as_is = canonical(receipt_id);
        let (hex, decimal) = (decimal_to_hex(&as_is), hex_to_decimal(&as_is));
        let mut candidates: Vec<Vec<u8>> = match self {
            Self::Exact => return vec![receipt_id.to_vec()],
            Self::HexThenDecimal => hex.into_iter().collect(),
            Self::DecimalThenHex => decimal.into_iter().collect(),
            Self::Auto => std::iter::once(as_is).chain(hex).chain(decimal).collect(),
        };
        candidates.dedup();
        candidates
    }

    /// Whether both ids mean the same message.
    pub fn matches(self, response_id: &[u8], receipt_id: &[u8]) -> bool {
        self.candidates(receipt_id).contains(&self.key(response_id))
    }
}

/// Lower case, without leading zeros.
fn canonical(id: &[u8]) -> Vec<u8> {
    let zeros = id.iter().take_while(|octet| **octet == b'0').count();
    // "0" stays "0".
    let start = zeros.min(id.len().saturating_sub(1));
    id.get(start..).unwrap_or_default().to_ascii_lowercase()
}

fn decimal_to_hex(id: &[u8]) -> Option<Vec<u8>> {
    Some(format!("{:x}", number(id, 10)?).into_bytes())
}

fn hex_to_decimal(id: &[u8]) -> Option<Vec<u8>> {
    Some(number(id, 16)?.to_string().into_bytes())
}

fn number(id: &[u8], radix: u32) -> Option<u128> {
    // from_str_radix would take a sign.
    let text = std::str::from_utf8(id).ok().filter(|text| text.chars().all(|c| c.is_digit(radix)))?;
    u128::from_str_radix(text, radix).ok()
}
