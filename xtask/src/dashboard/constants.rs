//! Which constants the program needs before a part is loaded.
//!
//! The splitter writes zeros over what it takes for the data of parts alone. But constants of the same content share one place,
//! so it also writes over some that the program itself needs. What the linker tells of the compiled program says which those
//! are: each function that stayed names its constants, and each constant those that it holds.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use anyhow::{Context, Result, bail};
use wasmparser::{
    BinaryReader, Linking, LinkingSectionReader, Name, NameSectionReader, Parser, Payload,
    RelocSectionReader, SymbolInfo,
};

/// The program after it was split, with the constants that it needs as they were before it was: in `bound`. `compiled` is the
/// program as the linker left it.
pub(super) fn restored(program: &[u8], bound: &[u8], compiled: &[u8]) -> Result<Vec<u8>> {
    let mut program = walrus::Module::from_buffer(program)?;
    let bound = walrus::Module::from_buffer(bound)?;
    let functions: HashSet<&str> =
        program.funcs.iter().filter_map(|function| function.name.as_deref()).collect();
    let needed = Compiled::parse(compiled)?.constants_of(&functions);
    let ids: Vec<_> = program.data.iter().map(walrus::Data::id).collect();
    for (segment, (id, before)) in ids.into_iter().zip(bound.data.iter()).enumerate() {
        let data = program.data.get_mut(id);
        if data.value.len() != before.value.len() {
            bail!("the splitter has moved the data of the program");
        }
        for range in needed.iter().filter(|place| place.segment == segment).map(|place| place.range.clone()) {
            let (now, then) = (data.value.get_mut(range.clone()), before.value.get(range));
            let (now, then) = now.zip(then).context("a constant lies outside of its data")?;
            now.copy_from_slice(then);
        }
    }
    Ok(program.emit_wasm())
}

/// Where a constant is: a range of bytes of a segment of data.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    segment: usize,
    range: Range<usize>,
}

/// What the linker says of a program.
#[derive(Debug, Default)]
struct Compiled {
    /// The constants, by the numbers of their symbols.
    constants: HashMap<usize, Place>,
    /// Where each segment begins in the section of data.
    segments: Vec<usize>,
    /// The functions by name, with where their code is in the section of code.
    functions: Vec<(String, Range<usize>)>,
    /// Where code and data name a symbol, in the order of their places.
    in_code: Vec<(usize, usize)>,
    in_data: Vec<(usize, usize)>,
}

impl Compiled {
    fn parse(wasm: &[u8]) -> Result<Self> {
        let mut compiled = Self::default();
        let (mut code_start, mut bodies, mut names, mut imported) = (0, Vec::new(), HashMap::new(), 0_u32);
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    for import in imports {
                        imported += u32::from(matches!(import?.ty, wasmparser::TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionStart { range, .. } => code_start = range.start,
                Payload::CodeSectionEntry(body) => {
                    bodies.push(body.range().start - code_start..body.range().end - code_start);
                }
                Payload::DataSection(section) => {
                    let start = section.range().start;
                    for segment in section {
                        let segment = segment?;
                        compiled.segments.push(segment.range.end - segment.data.len() - start);
                    }
                }
                Payload::CustomSection(section) => {
                    let reader = BinaryReader::new(section.data(), 0);
                    match section.name() {
                        "linking" => compiled.constants = constants(reader)?,
                        "reloc.CODE" => compiled.in_code = named(reader)?,
                        "reloc.DATA" => compiled.in_data = named(reader)?,
                        "name" => names = function_names(reader)?,
                        _ => {}
                    }
                }
                _ => {}
            }
        }
        let numbered = (imported..).zip(bodies);
        compiled.functions =
            numbered.filter_map(|(number, body)| Some((names.remove(&number)?, body))).collect();
        if compiled.functions.is_empty() || compiled.in_code.is_empty() {
            bail!(
                "the compiled dashboard does not say which constants its functions need: compile it with --emit-relocs"
            );
        }
        Ok(compiled)
    }

    /// The constants that these functions need, and those that these hold.
    fn constants_of(&self, functions: &HashSet<&str>) -> Vec<Place> {
        let live = self.functions.iter().filter(|(name, _)| functions.contains(name.as_str()));
        let mut waiting: Vec<usize> = live.flat_map(|(_, body)| symbols_in(&self.in_code, body)).collect();
        let mut known = HashSet::new();
        let mut needed = Vec::new();
        while let Some(symbol) = waiting.pop() {
            let Some(place) = self.constants.get(&symbol).filter(|_| known.insert(symbol)) else { continue };
            let start = self.segments.get(place.segment).copied().unwrap_or_default();
            let range = start + place.range.start..start + place.range.end;
            waiting.extend(symbols_in(&self.in_data, &range));
            needed.push(place.clone());
        }
        needed
    }
}

/// The symbols that are named within a range.
fn symbols_in(named: &[(usize, usize)], range: &Range<usize>) -> impl Iterator<Item = usize> {
    let first = named.partition_point(|(at, _)| *at < range.start);
    let last = named.partition_point(|(at, _)| *at < range.end).max(first);
    named[first..last].iter().map(|(_, symbol)| *symbol)
}

fn constants(reader: BinaryReader<'_>) -> Result<HashMap<usize, Place>> {
    let mut constants = HashMap::new();
    for subsection in LinkingSectionReader::new(reader)?.subsections() {
        let Linking::SymbolTable(symbols) = subsection? else { continue };
        for (number, symbol) in symbols.into_iter().enumerate() {
            if let SymbolInfo::Data { symbol: Some(defined), .. } = symbol? {
                let start = defined.offset as usize;
                let range = start..start + defined.size as usize;
                constants.insert(number, Place { segment: defined.index as usize, range });
            }
        }
    }
    Ok(constants)
}

/// Where a section names symbols, and which.
fn named(reader: BinaryReader<'_>) -> Result<Vec<(usize, usize)>> {
    let entries = RelocSectionReader::new(reader)?.entries().into_iter();
    let mut named = entries
        .map(|entry| entry.map(|entry| (entry.offset as usize, entry.index as usize)))
        .collect::<Result<Vec<_>, _>>()?;
    named.sort_unstable();
    Ok(named)
}

fn function_names(reader: BinaryReader<'_>) -> Result<HashMap<u32, String>> {
    let mut names = HashMap::new();
    for subsection in NameSectionReader::new(reader) {
        let Name::Function(functions) = subsection? else { continue };
        for function in functions {
            let function = function?;
            names.insert(function.index, function.name.to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_needs_its_constants_and_what_these_hold_and_shares_a_place_with_another() {
        let place = |range: Range<usize>| Place { segment: 0, range };
        let compiled = Compiled {
            // 1 and 4 share a place, and 2 holds 3.
            constants: [(1, place(0..8)), (2, place(8..16)), (3, place(16..20)), (4, place(0..8))].into(),
            segments: vec![100],
            functions: vec![("first".to_owned(), 0..10), ("later".to_owned(), 10..20)],
            in_code: vec![(3, 2), (12, 4), (14, 9)],
            in_data: vec![(110, 3)],
        };
        let needed = |name: &str| {
            let mut needed = compiled.constants_of(&HashSet::from([name]));
            needed.sort_by_key(|place| place.range.start);
            needed.into_iter().map(|place| (place.range.start, place.range.end)).collect::<Vec<_>>()
        };
        assert_eq!(needed("first"), [(8, 16), (16, 20)]);
        assert_eq!(needed("later"), [(0, 8)]);
        assert!(needed("unknown").is_empty());
    }

    #[test]
    fn a_program_that_does_not_say_what_it_needs_is_refused() {
        let error = Compiled::parse(b"\0asm\x01\0\0\0").unwrap_err().to_string();
        assert!(error.contains("--emit-relocs"), "{error}");
    }
}
