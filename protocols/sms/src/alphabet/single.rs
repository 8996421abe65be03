//! The extension of the default alphabet (3GPP TS 23.038 §6.2.1.1) and the
//! national language single shift tables (annex A.2): what follows an escape.
//!
//! Position 0x0D is the control CR2 and 0x1B the reserved escape to one more
//! table; both stay empty, so that they are read as the base table's character
//! and as a space.

use super::table::{NONE, Table};

/// The default alphabet extension table, §6.2.1.1.
#[rustfmt::skip]
pub(super) static DEFAULT: Table = [
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, '\u{c}', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '^', NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    '{', '}', NONE, NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Turkish, annex A.2.1.
#[rustfmt::skip]
pub(super) static TURKISH: Table = [
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, '\u{c}', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '^', NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    '{', '}', NONE, NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', NONE, NONE, NONE, NONE, NONE, NONE, 'Ğ',
    NONE, 'İ', NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, 'Ş', NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, 'ç', NONE, '€', NONE, 'ğ',
    NONE, 'ı', NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, 'ş', NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Spanish, annex A.2.2.
#[rustfmt::skip]
pub(super) static SPANISH: Table = [
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, 'ç', '\u{c}', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '^', NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    '{', '}', NONE, NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'Á', NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, 'Í', NONE, NONE, NONE, NONE, NONE, 'Ó',
    NONE, NONE, NONE, NONE, NONE, 'Ú', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, 'á', NONE, NONE, NONE, '€', NONE, NONE,
    NONE, 'í', NONE, NONE, NONE, NONE, NONE, 'ó',
    NONE, NONE, NONE, NONE, NONE, 'ú', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Portuguese, annex A.2.3.
#[rustfmt::skip]
pub(super) static PORTUGUESE: Table = [
    NONE, NONE, NONE, NONE, NONE, 'ê', NONE, NONE,
    NONE, 'ç', '\u{c}', 'Ô', 'ô', NONE, 'Á', 'á',
    NONE, NONE, 'Φ', 'Γ', '^', 'Ω', 'Π', 'Ψ',
    'Σ', 'Θ', NONE, NONE, NONE, NONE, NONE, 'Ê',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    '{', '}', NONE, NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'À', NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, 'Í', NONE, NONE, NONE, NONE, NONE, 'Ó',
    NONE, NONE, NONE, NONE, NONE, 'Ú', NONE, NONE,
    NONE, NONE, NONE, 'Ã', 'Õ', NONE, NONE, NONE,
    NONE, 'Â', NONE, NONE, NONE, '€', NONE, NONE,
    NONE, 'í', NONE, NONE, NONE, NONE, NONE, 'ó',
    NONE, NONE, NONE, NONE, NONE, 'ú', NONE, NONE,
    NONE, NONE, NONE, 'ã', 'õ', NONE, NONE, 'â',
];

/// Bengali, annex A.2.4.
#[rustfmt::skip]
pub(super) static BENGALI: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{9e6}', '\u{9e7}', NONE, '\u{9e8}', '\u{9e9}', '\u{9ea}', '\u{9eb}',
    '\u{9ec}', '\u{9ed}', '\u{9ee}', '\u{9ef}', '\u{9df}', '\u{9e0}', '\u{9e1}', '\u{9e2}',
    '{', '}', '\u{9e3}', '\u{9f2}', '\u{9f3}', '\u{9f4}', '\u{9f5}', '\\',
    '\u{9f6}', '\u{9f7}', '\u{9f8}', '\u{9f9}', '\u{9fa}', NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Gujarati, annex A.2.5.
#[rustfmt::skip]
pub(super) static GUJARATI: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{ae6}', '\u{ae7}', '\u{ae8}', '\u{ae9}',
    '\u{aea}', '\u{aeb}', '\u{aec}', '\u{aed}', '\u{aee}', '\u{aef}', NONE, NONE,
    '{', '}', NONE, NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Hindi, annex A.2.6.
#[rustfmt::skip]
pub(super) static HINDI: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{966}', '\u{967}', '\u{968}', '\u{969}',
    '\u{96a}', '\u{96b}', '\u{96c}', '\u{96d}', '\u{96e}', '\u{96f}', '\u{951}', '\u{952}',
    '{', '}', '\u{953}', '\u{954}', '\u{958}', '\u{959}', '\u{95a}', '\\',
    '\u{95b}', '\u{95c}', '\u{95d}', '\u{95e}', '\u{95f}', '\u{960}', '\u{961}', '\u{962}',
    '\u{963}', '\u{970}', '\u{971}', NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Kannada, annex A.2.7.
#[rustfmt::skip]
pub(super) static KANNADA: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{ce6}', '\u{ce7}', '\u{ce8}', '\u{ce9}',
    '\u{cea}', '\u{ceb}', '\u{cec}', '\u{ced}', '\u{cee}', '\u{cef}', '\u{cde}', '\u{cf1}',
    '{', '}', '\u{cf2}', NONE, NONE, NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Malayalam, annex A.2.8.
#[rustfmt::skip]
pub(super) static MALAYALAM: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{d66}', '\u{d67}', '\u{d68}', '\u{d69}',
    '\u{d6a}', '\u{d6b}', '\u{d6c}', '\u{d6d}', '\u{d6e}', '\u{d6f}', '\u{d70}', '\u{d71}',
    '{', '}', '\u{d72}', '\u{d73}', '\u{d74}', '\u{d75}', '\u{d7a}', '\\',
    '\u{d7b}', '\u{d7c}', '\u{d7d}', '\u{d7e}', '\u{d7f}', NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Oriya, annex A.2.9.
#[rustfmt::skip]
pub(super) static ORIYA: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{b66}', '\u{b67}', '\u{b68}', '\u{b69}',
    '\u{b6a}', '\u{b6b}', '\u{b6c}', '\u{b6d}', '\u{b6e}', '\u{b6f}', '\u{b5c}', '\u{b5d}',
    '{', '}', '\u{b5f}', '\u{b70}', '\u{b71}', NONE, NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Punjabi, annex A.2.10.
#[rustfmt::skip]
pub(super) static PUNJABI: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{a66}', '\u{a67}', '\u{a68}', '\u{a69}',
    '\u{a6a}', '\u{a6b}', '\u{a6c}', '\u{a6d}', '\u{a6e}', '\u{a6f}', '\u{a59}', '\u{a5a}',
    '{', '}', '\u{a5b}', '\u{a5c}', '\u{a5e}', '\u{a75}', NONE, '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Tamil, annex A.2.11.
#[rustfmt::skip]
pub(super) static TAMIL: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{964}', '\u{965}', NONE, '\u{be6}', '\u{be7}', '\u{be8}', '\u{be9}',
    '\u{bea}', '\u{beb}', '\u{bec}', '\u{bed}', '\u{bee}', '\u{bef}', '\u{bf3}', '\u{bf4}',
    '{', '}', '\u{bf5}', '\u{bf6}', '\u{bf7}', '\u{bf8}', '\u{bfa}', '\\',
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Telugu, annex A.2.12.
#[rustfmt::skip]
pub(super) static TELUGU: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', NONE, NONE, NONE, '\u{c66}', '\u{c67}', '\u{c68}', '\u{c69}',
    '\u{c6a}', '\u{c6b}', '\u{c6c}', '\u{c6d}', '\u{c6e}', '\u{c6f}', '\u{c58}', '\u{c59}',
    '{', '}', '\u{c78}', '\u{c79}', '\u{c7a}', '\u{c7b}', '\u{c7c}', '\\',
    '\u{c7d}', '\u{c7e}', '\u{c7f}', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, '[', '~', ']', NONE,
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];

/// Urdu, annex A.2.13.
#[rustfmt::skip]
pub(super) static URDU: Table = [
    '@', '£', '$', '¥', '¿', '"', '¤', '%',
    '&', '\'', '\u{c}', '*', '+', NONE, '-', '/',
    '<', '=', '>', '¡', '^', '¡', '_', '#',
    '*', '\u{600}', '\u{601}', NONE, '\u{6f0}', '\u{6f1}', '\u{6f2}', '\u{6f3}',
    '\u{6f4}', '\u{6f5}', '\u{6f6}', '\u{6f7}', '\u{6f8}', '\u{6f9}', '\u{60c}', '\u{60d}',
    '{', '}', '\u{60e}', '\u{60f}', '\u{610}', '\u{611}', '\u{612}', '\\',
    '\u{613}', '\u{614}', '\u{61b}', '\u{61f}', '\u{640}', '\u{652}', '\u{658}', '\u{66b}',
    '\u{66c}', '\u{672}', '\u{673}', '\u{6cd}', '[', '~', ']', '\u{6d4}',
    '|', 'A', 'B', 'C', 'D', 'E', 'F', 'G',
    'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W',
    'X', 'Y', 'Z', NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, '€', NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
    NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE,
];
