//! Tests of the BER reader and writer with the examples and boundary cases of X.690.

use super::*;

#[track_caller]
fn one(octets: &[u8]) -> Element<'_> {
    let mut reader = Reader::new(octets);
    let element = reader.next().unwrap().unwrap();
    assert!(reader.is_empty());
    element
}

fn fault(octets: &[u8]) -> Fault {
    Reader::new(octets).next().unwrap_err().fault
}

fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::new();
    write(&mut writer);
    writer.into_vec()
}

/// The examples of X.690 §8.9.3, §8.14.3 and §8.19.5.
#[test]
fn the_examples_of_x_690_are_read_and_written() {
    let sequence = [0x30, 0x0a, 0x16, 0x05, 0x53, 0x6d, 0x69, 0x74, 0x68, 0x01, 0x01, 0xff];
    let mut inside = one(&sequence).reader();
    assert_eq!(inside.next().unwrap().unwrap().content, b"Smith");
    assert!(inside.next().unwrap().unwrap().boolean().unwrap());
    let again = written(|w| {
        w.constructed(Tag::SEQUENCE, |w| {
            w.primitive(Tag::universal(22), b"Smith");
            w.boolean(Tag::BOOLEAN, true);
        });
    });
    assert_eq!(again, sequence);

    let tagged = [0x67, 0x07, 0x1a, 0x05, 0x4a, 0x6f, 0x6e, 0x65, 0x73];
    let element = one(&tagged);
    assert_eq!((element.tag, element.constructed), (Tag::application(7), true));
    assert_eq!(element.explicit().unwrap().content, b"Jones");

    let oid = Oid::new(&[2, 999, 3]).unwrap();
    assert_eq!(written(|w| w.oid(Tag::OBJECT_IDENTIFIER, &oid)), [0x06, 0x03, 0x88, 0x37, 0x03]);
    assert_eq!(one(&[0x06, 0x03, 0x88, 0x37, 0x03]).oid().unwrap(), oid);
    assert_eq!(oid.to_string(), "2.999.3");
}

/// The bit string of X.690 §8.6.4.2, primitive, and the octet string of §8.7 in segments.
#[test]
fn primitive_and_segmented_strings_are_read() {
    let bits = [0x03, 0x07, 0x04, 0x0a, 0x3b, 0x5f, 0x29, 0x1c, 0xd0];
    assert_eq!(one(&bits).bit_string().unwrap(), (4, &bits[3..]));
    assert_eq!(written(|w| w.bit_string(Tag::BIT_STRING, 4, &bits[3..])), bits);
    assert!(one(&[0x03, 0x01, 0x04]).bit_string().is_err());
    let segmented = [0x24, 0x80, 0x04, 0x01, 0xaa, 0x04, 0x02, 0xbb, 0xcc, 0x00, 0x00];
    assert_eq!(*one(&segmented).octet_string().unwrap(), [0xaa, 0xbb, 0xcc]);
    assert!(one(&[0x24, 0x03, 0x02, 0x01, 0x00]).octet_string().is_err());
}

#[test]
fn every_form_of_length_is_read() {
    for octets in [
        &[0x30, 0x03, 0x02, 0x01, 0x05][..],
        &[0x30, 0x81, 0x03, 0x02, 0x01, 0x05],
        &[0x30, 0x84, 0, 0, 0, 0x03, 0x02, 0x01, 0x05],
        &[0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0x03, 0x02, 0x01, 0x05],
        &[0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00],
        &[0x30, 0x80, 0x02, 0x81, 0x01, 0x05, 0x00, 0x00],
    ] {
        let element = one(octets);
        assert_eq!(element.octets(), octets);
        assert_eq!(element.explicit().unwrap().integer().unwrap(), 5);
    }
    // Nested indefinite lengths, and a definite one with contents equal to end-of-contents octets.
    let nested = [0x30, 0x80, 0x31, 0x80, 0x05, 0x00, 0x00, 0x00, 0x04, 0x02, 0x00, 0x00, 0x00, 0x00];
    let mut inside = one(&nested).reader();
    assert_eq!(inside.next().unwrap().unwrap().content, [0x05, 0x00]);
    assert_eq!(inside.next().unwrap().unwrap().content, [0x00, 0x00]);
    assert!(inside.next().unwrap().is_none());
}

#[test]
fn forbidden_forms_are_refused() {
    assert_eq!(fault(&[0x04, 0x80, 0x00, 0x00]), Fault::Length);
    assert_eq!(fault(&[0x04, 0xff]), Fault::Length);
    assert_eq!(fault(&[0x00, 0x00]), Fault::EndOfContents);
    assert_eq!(fault(&[0x30, 0x80, 0x00, 0x01, 0x00]), Fault::EndOfContents);
    assert_eq!(fault(&[0x30, 0x80, 0x02, 0x01]), Fault::Truncated);
    assert_eq!(fault(&[0x1f, 0x80, 0x01, 0x00]), Fault::Tag);
    assert_eq!(fault(&[0x1f, 0x1e, 0x00]), Fault::Tag);
    assert_eq!(fault(&[0x1f, 0x90, 0x80, 0x80, 0x80, 0x00, 0x00]), Fault::Tag);
    assert_eq!(fault(&[0x04, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Fault::Truncated);
    assert_eq!(fault(&[0x04, 0x89, 0x01, 0, 0, 0, 0, 0, 0, 0, 0]), Fault::Truncated);
}

#[test]
fn an_error_has_a_position_and_ends_the_reader() {
    let octets = [0x02, 0x01, 0x05, 0x30, 0x81, 0x05, 0x02, 0x01, 0x07, 0x04, 0x09];
    let mut reader = Reader::new(&octets);
    reader.next().unwrap();
    let mut inside = reader.next().unwrap().unwrap().reader();
    assert_eq!(inside.next().unwrap().unwrap().integer().unwrap(), 7);
    assert_eq!(inside.next().unwrap_err(), BerError { position: 9, fault: Fault::Truncated });
    assert!(inside.next().unwrap().is_none());
    // The same inside an indefinite length, of which the header is one octet shorter.
    let octets = [0x30, 0x80, 0x05, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00];
    let mut inside = one(&octets).reader();
    inside.next().unwrap();
    assert_eq!(inside.next().unwrap().unwrap().boolean().unwrap_err().position, 4);
}

#[test]
fn the_nesting_depth_is_bounded() {
    let definite = (0..40_u8)
        .fold(Vec::new(), |inner: Vec<u8>, _| written(|w| w.constructed(Tag::SEQUENCE, |w| w.raw(&inner))));
    let mut reader = Reader::new(&definite);
    let mut levels = 0;
    let error = loop {
        match reader.next() {
            Ok(Some(element)) => reader = element.reader(),
            Ok(None) => panic!("the bound was not met"),
            Err(error) => break error,
        }
        levels += 1;
    };
    assert_eq!((error.fault, levels), (Fault::Depth, usize::from(DEPTH_MAX) + 1));
    let indefinite = [0x30, 0x80].repeat(40);
    assert_eq!(fault(&indefinite), Fault::Depth);
}

#[test]
fn integers_are_encoded_in_the_fewest_octets() {
    for (value, octets) in [
        (0, &[0x00][..]),
        (127, &[0x7f]),
        (128, &[0x00, 0x80]),
        (-1, &[0xff]),
        (-128, &[0x80]),
        (-129, &[0xff, 0x7f]),
        (i64::MAX, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        (i64::MIN, &[0x80, 0, 0, 0, 0, 0, 0, 0]),
    ] {
        let encoded = written(|w| w.integer(Tag::INTEGER, value));
        assert_eq!(&encoded[2..], octets);
        assert_eq!(one(&encoded).integer().unwrap(), value);
    }
    assert!(one(&[0x02, 0x00]).integer().is_err());
    assert!(one(&[0x02, 0x09, 0, 0, 0, 0, 0, 0, 0, 0, 1]).integer().is_err());
    assert_eq!(one(&[0x02, 0x02, 0x00, 0x05]).integer().unwrap(), 5);
}

#[test]
fn long_lengths_and_tags_are_encoded() {
    for length in [0, 127, 128, 255, 256, 65_535, 65_536] {
        let content = vec![0x55; length];
        let primitive = written(|w| w.primitive(Tag::context(5), &content));
        assert_eq!(one(&primitive).content, content);
        let constructed = written(|w| w.constructed(Tag::private(5), |w| w.raw(&primitive)));
        assert_eq!(one(&constructed).content, primitive);
    }
    for number in [0, 30, 31, 127, 128, 16_383, 16_384, u32::MAX] {
        for tag in [Tag::universal(number.max(1)), Tag::application(number), Tag::private(number)] {
            assert_eq!(one(&written(|w| w.null(tag))).tag, tag);
        }
    }
    assert_eq!(written(|w| w.null(Tag::context(31))), [0x9f, 0x1f, 0x00]);
}

#[test]
fn object_identifiers_are_bounded() {
    let context = Oid::new(&[0, 4, 0, 0, 1, 0, 20, 3]).unwrap();
    assert_eq!(context.as_octets(), [0x04, 0x00, 0x00, 0x01, 0x00, 0x14, 0x03]);
    assert_eq!(context.arcs().collect::<Vec<_>>(), [0, 4, 0, 0, 1, 0, 20, 3]);
    assert_eq!(Oid::new(&[1, 39, u32::MAX]).unwrap().to_string(), "1.39.4294967295");
    for arcs in [&[][..], &[1], &[3, 1], &[1, 40]] {
        assert_eq!(Oid::new(arcs), None);
    }
    for malformed in [&[][..], &[0x80, 0x01], &[0x04, 0x80], &[0x2a, 0x80, 0x01], &[0x04; 32], &[0xff; 10]] {
        assert_eq!(Oid::from_octets(malformed), None);
    }
    assert!(Oid::from_octets(&[0x04; 31]).is_some());
}
