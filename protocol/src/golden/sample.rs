//! Values of any type that can be read, made without looking at bytes: small numbers and short words that
//! count up, and each variant of each enum once.

use std::collections::BTreeSet;
use std::fmt::Display;

use serde::de::value::Error;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer,
    MapAccess, SeqAccess, VariantAccess, Visitor,
};

/// How many values of one variant are tried. 64: twice the variants of the largest enum, as every
/// other value has nothing in what is optional.
const TURNS: usize = 64;

/// The variants of `T`, if it is an enum.
#[must_use]
pub fn variants<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut sampler = Sampler::new(0, usize::MAX);
    let _ = T::deserialize(&mut sampler);
    sampler.outermost.unwrap_or_default()
}

/// Values of `T`: of each of its variants at least one, and more until each variant of the enums
/// within was there, and what is optional was there and was not.
#[must_use]
pub fn samples<T: DeserializeOwned>() -> Vec<T> {
    let mut samples = Vec::new();
    for outermost in 0..variants::<T>().len().max(1) {
        let mut seen = BTreeSet::new();
        for turn in 0..TURNS {
            let mut sampler = Sampler::new(turn, outermost);
            let Ok(value) = T::deserialize(&mut sampler) else { continue };
            if turn == 0 || !sampler.seen.is_subset(&seen) {
                samples.push(value);
            }
            seen.append(&mut sampler.seen);
        }
    }
    samples
}

struct Sampler {
    /// Odd: nothing optional, no elements. Half of it: which variant of the enums within.
    turn: usize,
    /// Which variant of the outermost enum. None of them: to learn their names.
    outermost_index: usize,
    outermost: Option<&'static [&'static str]>,
    /// True once a value within the outermost has begun.
    within: bool,
    next: u8,
    depth: usize,
    seen: BTreeSet<(&'static str, &'static str)>,
}

impl Sampler {
    fn new(turn: usize, outermost_index: usize) -> Self {
        let (outermost, within, seen) = (None, false, BTreeSet::new());
        Self { turn, outermost_index, outermost, within, next: 0, depth: 0, seen }
    }

    /// A number that was not there before, below 100: as small as the smallest that something is asked
    /// to be.
    fn number(&mut self) -> u8 {
        self.within = true;
        self.next = self.next % 99 + 1;
        self.next
    }

    /// A word that may also name a room.
    fn word(&mut self) -> String {
        format!("a:{}", self.number())
    }

    /// Whether something optional is there, and how many elements there are. Types may hold
    /// themselves.
    fn is_full(&self) -> bool {
        self.turn.is_multiple_of(2) && self.depth < 12
    }

    fn elements<'de, V: Visitor<'de>>(&mut self, len: usize, to: V) -> Result<V::Value, Error> {
        self.within = true;
        self.depth += 1;
        let value = to.visit_seq(Elements { sampler: self, left: len });
        self.depth -= 1;
        value
    }
}

macro_rules! numbers {
    ($($ask:ident $visit:ident,)*) => {
        $(fn $ask<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(self.number().into())
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Sampler {
    type Error = Error;

    numbers! {
        deserialize_u8 visit_u8, deserialize_u16 visit_u16, deserialize_u32 visit_u32,
        deserialize_u64 visit_u64, deserialize_u128 visit_u128,
        deserialize_i16 visit_i16, deserialize_i32 visit_i32, deserialize_i64 visit_i64,
        deserialize_i128 visit_i128, deserialize_f32 visit_f32, deserialize_f64 visit_f64,
    }

    /// A letter: what asks for a character may take no other.
    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_char(char::from(b'A' + self.number() % 26))
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::custom("stored bytes do not say what they are"))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_any(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.within = true;
        visitor.visit_bool(self.turn.is_multiple_of(2))
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i8(self.number().cast_signed())
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.word())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(self.word())
    }

    /// 16 bytes, as ids have.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_byte_buf(vec![self.number(); 16])
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.within = true;
        self.seen.insert(("Option", if self.is_full() { "Some" } else { "None" }));
        if !self.is_full() {
            return visitor.visit_none();
        }
        self.depth += 1;
        let value = visitor.visit_some(&mut *self);
        self.depth -= 1;
        value
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.within = true;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.within = true;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let len = if self.is_full() { 2 } else { 0 };
        self.elements(len, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.elements(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.elements(len, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.within = true;
        let left = if self.is_full() { 2 } else { 0 };
        self.depth += 1;
        let value = visitor.visit_map(Elements { sampler: self, left });
        self.depth -= 1;
        value
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.elements(fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let index = if self.within {
            let index = (self.turn / 2).min(variants.len() - 1);
            self.seen.insert((name, variants[index]));
            index
        } else {
            self.outermost = Some(variants);
            self.outermost_index
        };
        self.within = true;
        if index >= variants.len() {
            return Err(no_such(index));
        }
        visitor.visit_enum(Variant { sampler: self, index })
    }
}

fn no_such(index: impl Display) -> Error {
    Error::custom(format!("there is no variant {index}"))
}

struct Elements<'a> {
    sampler: &'a mut Sampler,
    left: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(None) };
        self.left = left;
        seed.deserialize(&mut *self.sampler).map(Some)
    }
}

impl<'de> MapAccess<'de> for Elements<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.sampler)
    }
}

struct Variant<'a> {
    sampler: &'a mut Sampler,
    index: usize,
}

impl<'de> EnumAccess<'de> for Variant<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let index = u32::try_from(self.index).map_err(no_such)?;
        let tag: serde::de::value::U32Deserializer<Error> = index.into_deserializer();
        Ok((seed.deserialize(tag)?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize(self.sampler)
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Error> {
        self.sampler.elements(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.sampler.elements(fields.len(), visitor)
    }
}
