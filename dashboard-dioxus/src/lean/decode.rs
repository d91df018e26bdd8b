//! Answers read from JSON, with as little code for each type as it takes: a browser has to load all of it. `serde_json`
//! compiles its parser into every struct anew, and reads each from a list as well; here a type's own code only matches
//! names to fields, and the rest is shared.

use serde::de::{
    self, DeserializeOwned, DeserializeSeed, EnumAccess, Error as _, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt::{self, Display};

/// Why a text is not what was to be read.
#[derive(Debug)]
pub(crate) struct Unreadable(Cow<'static, str>);

/// The value that a JSON text says. Its type must name what it consists of: fields, lists, options, texts, numbers,
/// truth values and names of variants.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Unreadable> {
    let mut reader = Reader { text, at: 0 };
    let value = T::deserialize(&mut reader)?;
    reader.end().map(|()| value)
}

struct Reader<'de> {
    text: &'de str,
    /// Where to read on, in bytes.
    at: usize,
}

impl<'de> Reader<'de> {
    /// The next byte that is no white space, without taking it; 0 at the end.
    fn peek(&mut self) -> u8 {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            if !byte.is_ascii_whitespace() {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    /// Takes the byte if it is the next one.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == byte;
        self.at += usize::from(is_next);
        is_next
    }

    #[inline(never)]
    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.takes(byte) {
            return Ok(());
        }
        Err(self.unexpected())
    }

    #[cold]
    fn unexpected(&self) -> Unreadable {
        Unreadable(Cow::Owned(["unexpected text at byte ", &self.at.to_string()].concat()))
    }

    fn end(&mut self) -> Result<(), Unreadable> {
        if self.peek() == 0 { Ok(()) } else { Err(self.unexpected()) }
    }

    /// Whether another item follows in a list or an object, whose end is taken when none does.
    #[inline(never)]
    fn has_more(&mut self, is_first: bool, end: u8) -> Result<bool, Unreadable> {
        if self.takes(end) {
            return Ok(false);
        }
        if !is_first {
            self.expect(b',')?;
        }
        Ok(true)
    }

    #[inline(never)]
    fn string(&mut self) -> Result<Cow<'de, str>, Unreadable> {
        self.expect(b'"')?;
        let (start, mut is_escaped) = (self.at, false);
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return if is_escaped {
                        let text = serde_json::from_str(&self.text[start - 1..self.at]);
                        text.map(Cow::Owned).map_err(Unreadable::custom)
                    } else {
                        Ok(Cow::Borrowed(&self.text[start..self.at - 1]))
                    };
                }
                b'\\' => {
                    is_escaped = true;
                    self.at += 2;
                }
                _ => self.at += 1,
            }
        }
        Err(self.unexpected())
    }

    /// A number, `true`, `false` or `null`.
    #[inline(never)]
    fn word(&mut self) -> &'de str {
        self.peek();
        let rest = &self.text[self.at..];
        let word = rest.split([',', ']', '}', ' ', '\n', '\r', '\t']).next().unwrap_or_default();
        self.at += word.len();
        word
    }

    /// By `serde_json`, because the standard library needs a table of 10 kB that no compression makes smaller.
    #[inline(never)]
    fn number(&mut self) -> Result<f64, Unreadable> {
        serde_json::from_str(self.word()).map_err(|_| self.unexpected())
    }

    #[inline(never)]
    fn integer(&mut self) -> Result<i64, Unreadable> {
        self.word().parse().map_err(|_| self.unexpected())
    }

    #[inline(never)]
    fn truth(&mut self) -> Result<bool, Unreadable> {
        self.word().parse().map_err(|_| self.unexpected())
    }

    /// Takes `null` if it is next.
    #[inline(never)]
    fn takes_null(&mut self) -> bool {
        let is_null = self.peek() == b'n';
        if is_null {
            self.word();
        }
        is_null
    }

    /// Passes over a value, whatever it is.
    #[inline(never)]
    fn skip(&mut self) -> Result<(), Unreadable> {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                b'"' => _ = self.string()?,
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1).ok_or_else(|| self.unexpected())?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                0 | b',' | b':' => return Err(self.unexpected()),
                _ => _ = self.word(),
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }
}

impl<'de> de::Deserializer<'de> for &mut Reader<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        Err(de::Error::invalid_type(de::Unexpected::Other("a value of any type"), &visitor))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_bool(self.truth()?)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_i64(self.integer()?)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_f64(self.number()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.string()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.takes_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.expect(b'[')?;
        visitor.visit_seq(Items { reader: self, is_first: true })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        self.expect(b'{')?;
        visitor.visit_map(Items { reader: self, is_first: true })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map
        identifier
    }
}

/// What is left of a list or of an object.
struct Items<'reader, 'de> {
    reader: &'reader mut Reader<'de>,
    is_first: bool,
}

impl<'de> Items<'_, 'de> {
    #[inline(never)]
    fn next_name(&mut self) -> Result<Option<Cow<'de, str>>, Unreadable> {
        if !self.reader.has_more(std::mem::take(&mut self.is_first), b'}')? {
            return Ok(None);
        }
        let name = self.reader.string()?;
        self.reader.expect(b':')?;
        Ok(Some(name))
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Unreadable> {
        if !self.reader.has_more(std::mem::take(&mut self.is_first), b']')? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        match self.next_name()? {
            Some(name) => seed.deserialize(Name(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        seed.deserialize(&mut *self.reader)
    }
}

impl<'reader, 'de> EnumAccess<'de> for &'reader mut Reader<'de> {
    type Error = Unreadable;
    type Variant = Variant<'reader, 'de>;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self::Variant), Unreadable> {
        let has_content = self.takes(b'{');
        let name = self.string()?;
        if has_content {
            self.expect(b':')?;
        }
        let variant = seed.deserialize(Name(name))?;
        Ok((variant, Variant { reader: self, has_content }))
    }
}

/// What follows a variant's name: nothing where the name stands alone, its content where it is the only field of an
/// object.
struct Variant<'reader, 'de> {
    reader: &'reader mut Reader<'de>,
    has_content: bool,
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Unreadable;

    fn unit_variant(self) -> Result<(), Unreadable> {
        if self.has_content { Err(self.reader.unexpected()) } else { Ok(()) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Unreadable> {
        if !self.has_content {
            return Err(self.reader.unexpected());
        }
        let content = seed.deserialize(&mut *self.reader)?;
        self.reader.expect(b'}').map(|()| content)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Unreadable> {
        Err(self.reader.unexpected())
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Unreadable> {
        Err(self.reader.unexpected())
    }
}

/// The name of a field or a variant.
struct Name<'de>(Cow<'de, str>);

impl<'de> de::Deserializer<'de> for Name<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        visitor.visit_str(&self.0)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl de::Error for Unreadable {
    #[cold]
    fn custom<T: Display>(message: T) -> Self {
        Self(Cow::Owned(message.to_string()))
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self(Cow::Owned(["missing field ", field].concat()))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        Self(Cow::Owned(["duplicate field ", field].concat()))
    }

    #[cold]
    fn unknown_variant(variant: &str, _: &'static [&'static str]) -> Self {
        Self(Cow::Owned(["unknown variant ", variant].concat()))
    }

    #[cold]
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self(Cow::Borrowed("a value of another type"))
    }

    #[cold]
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self(Cow::Borrowed("a list of another length"))
    }
}

impl Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq)]
    enum Kind {
        #[serde(rename = "WORKER")]
        Worker,
        #[serde(rename = "areas")]
        Areas(Vec<String>),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        #[serde(rename = "rowId")]
        id: String,
        #[serde(default)]
        count: Option<i64>,
        share: Option<f64>,
        kind: Option<Kind>,
        #[serde(rename = "isOpen")]
        is_open: bool,
        below: Vec<Self>,
    }

    const ROW: &str = r#" {"rowId": "W \"1\" \u00fc\ud83d\ude00", "count": -7, "share": 1.5e2, "kind": "WORKER",
        "isOpen":true, "odd": {"a": [1, "]", {}], "b": null}, "below":[ {"rowId":"","share":null,"isOpen":false,
        "kind":{"areas":["a","b"]},"below":[]} ] } "#;

    #[test]
    fn an_answer_is_read_as_serde_json_reads_it() {
        let row: Row = from_json(ROW).unwrap();
        assert_eq!(row, serde_json::from_str::<Row>(ROW).unwrap());
        assert_eq!((row.id.as_str(), row.count, row.share), ("W \"1\" ü😀", Some(-7), Some(150.0)));
        assert_eq!(row.below[0].kind, Some(Kind::Areas(vec!["a".to_owned(), "b".to_owned()])));
    }

    #[test]
    fn what_is_of_another_shape_is_refused_with_the_reason() {
        let refused = |text: &str| from_json::<Row>(text).unwrap_err().to_string();
        let field = |name: &str, value: &str| {
            refused(&format!(r#"{{"rowId":"","share":null,"kind":null,"isOpen":true,"{name}":{value}}}"#))
        };
        assert_eq!(refused(r#"{"rowId":""}"#), "missing field isOpen");
        assert_eq!(field("rowId", r#""""#), "duplicate field rowId");
        assert_eq!(field("kind", "1"), "duplicate field kind");
        assert_eq!(refused(r#"{"kind":"ROBOT"}"#), "unknown variant ROBOT");
        assert_eq!(refused(r#"{"count":1.5}"#), "unexpected text at byte 12");
        assert_eq!(refused(r#"{"rowId":7}"#), "unexpected text at byte 9");
        assert_eq!(refused(r#"{"kind":{"WORKER":1}}"#), "unexpected text at byte 18");
    }

    #[test]
    fn a_text_that_ends_early_or_late_is_refused() {
        let text = ROW.trim();
        for (end, _) in text.char_indices() {
            assert!(from_json::<Row>(&text[..end]).is_err(), "{}", &text[..end]);
        }
        assert!(from_json::<Row>(&format!("{text}1")).is_err());
    }

    proptest! {
        #[test]
        fn any_text_and_number_is_read_as_it_was_written(text: String, number: i64, share in -1e300..1e300) {
            let written = serde_json::json!({
                "rowId": text, "count": number, "share": share, "kind": null, "isOpen": false, "below": []
            });
            let written = written.to_string();
            let row: Row = from_json(&written).unwrap();
            prop_assert_eq!((&row.id, row.count), (&text, Some(number)));
            prop_assert_eq!(&row, &serde_json::from_str::<Row>(&written).unwrap());
        }
    }
}
