//! Reads and writes short messages: alphabets, TPDUs and RPDUs (3GPP TS 23.038, TS 23.040, TS 24.011).
//!
//! Its body form is the internal form of the project: every gateway converts its own
//! wire to and from it. The crate is pure: octets and values in, values and
//! octets out, no clock, no socket, and no input that makes it panic.
//!
//! # One form for a body
//!
//! Between gateways a body has one form, given by its [`Alphabet`](coding::Alphabet):
//!
//! | alphabet | body | text with |
//! |---|---|---|
//! | `Gsm7` | one septet in each octet, unpacked | [`alphabet`] |
//! | `EightBit` | octets | – |
//! | `Ucs2` | UTF-16, high octet first | [`ucs2`] |
//!
//! The data coding scheme travels beside it as a [`DataCoding`](coding::DataCoding), and a
//! [`UserDataHeader`](header::UserDataHeader) before it. Header and body together are [`UserData`].
//!
//! # From text to the radio, and back
//!
//! ```
//! use sms::address::Address;
//! use sms::coding::DataCoding;
//! use sms::header::Reference;
//! use sms::timestamp::Timestamp;
//! use sms::tpdu::Deliver;
//! use sms::{segment, text};
//!
//! // The smallest coding that carries the text,
//! let encoded = text::encode("Güten Tag – €1", &text::Policy::default())?;
//! let data_coding = DataCoding::of(encoded.alphabet);
//! assert_eq!(data_coding, DataCoding::UCS2); // the dash is not in the default alphabet
//!
//! // in as many segments as it needs,
//! let header = encoded.header();
//! let segments = segment::split(encoded.alphabet, &encoded.body, &header, Reference::Eight(42))?;
//!
//! // each in its TPDU.
//! let deliver = Deliver {
//!     originator: Address::alphanumeric("Fernpost")?,
//!     data_coding,
//!     timestamp: Timestamp::from_unix(1_731_441_480, 0)?,
//!     user_data: segments[0].clone(),
//!     ..Deliver::default()
//! };
//! let octets = deliver.encode()?;
//!
//! let received = Deliver::decode(&octets)?;
//! assert_eq!(received.user_data.text(received.data_coding).as_deref(), Some("Güten Tag – €1"));
//! # Ok::<(), sms::Error>(())
//! ```
//!
//! # Where to find what
//!
//! | module | answers | standard |
//! |---|---|---|
//! | [`text`] | which coding carries this text, and in how many segments? | 23.038 §6.2 |
//! | [`alphabet`] | GSM 7 bit default alphabet and the tables of 13 languages | 23.038 §6.2.1, annex A |
//! | [`look_alike`] | what stands in for a character that the default alphabet lacks? | – |
//! | [`ucs2`] | UTF-16 bodies | 23.038 §6.2.3 |
//! | [`packing`] | eight septets in seven octets | 23.038 §6.1.2.1 |
//! | [`coding`] | alphabet, class and message waiting in TP-DCS | 23.038 §4 |
//! | [`header`] | information elements: concatenation, ports, languages | 23.040 §9.2.3.24 |
//! | [`user_data`] | header and body on the radio | 23.040 §9.2.3.24 |
//! | [`segment`] | count, split, join | 23.040 §9.2.3.24.1 |
//! | [`address`] | TP-OA, TP-DA, TP-RA | 23.040 §9.1.2.5 |
//! | [`timestamp`] | TP-SCTS, TP-DT | 23.040 §9.2.3.11 |
//! | [`validity`] | TP-VP in all three forms | 23.040 §9.2.3.12 |
//! | [`protocol_identifier`] | TP-PID: silent and replacing messages | 23.040 §9.2.3.9 |
//! | [`status`] | TP-ST and TP-FCS | 23.040 §9.2.3.15, .22 |
//! | [`tpdu`] | SMS-SUBMIT, SMS-DELIVER, SMS-STATUS-REPORT, SMS-COMMAND, reports | 23.040 §9.2.2 |
//! | [`rpdu`] | RP-DATA, RP-ACK, RP-ERROR, RP-SMMA | 24.011 §7.3 |
//!
//! Octets that the standards may still extend (TP-DCS, TP-PID, TP-ST, TP-FCS, time
//! stamps) are kept as received, in a type with accessors for their parts. So values
//! that are unknown to this crate pass through it unchanged.
//!
//! `Debug` of anything here shows no body and no whole number.

pub mod address;
pub mod alphabet;
pub mod coding;
pub mod error;
pub mod header;
pub mod look_alike;
pub mod packing;
pub mod protocol_identifier;
pub mod rpdu;
pub mod segment;
pub mod status;
pub mod text;
pub mod timestamp;
pub mod tpdu;
pub mod ucs2;
pub mod user_data;
pub mod validity;

pub use error::{Error, Truncated, Unencodable};
pub use user_data::UserData;
