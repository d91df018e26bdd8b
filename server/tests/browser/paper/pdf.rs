//! What a PDF of Chromium says: its pages' sizes, texts and filled colours. Chromium writes plain objects, with streams that are
//! deflated and texts as the numbers of glyphs, whose characters each font tells.

use std::{collections::HashMap, io::Read as _};

use anyhow::{Context as _, Result};
use flate2::read::ZlibDecoder;

/// One page.
pub(crate) struct PdfPage {
    /// Width and height in points.
    pub(crate) size: [f64; 2],
    /// Its texts, one a line.
    pub(crate) text: String,
    /// The colours, as red, green and blue from 0 to 1, with which something is filled that is no text.
    pub(crate) fills: Vec<[f64; 3]>,
}

/// The pages of a file.
pub(crate) fn pages(file: &[u8]) -> Result<Vec<PdfPage>> {
    let objects = objects(file);
    let mut pages: Vec<(&u32, &Object)> =
        objects.iter().filter(|(_, object)| object.says("/Type /Page\n")).collect();
    pages.sort_by_key(|(number, _)| **number);
    pages.into_iter().map(|(_, page)| read(page, &objects)).collect()
}

struct Object<'file> {
    dictionary: String,
    stream: Option<&'file [u8]>,
}

impl Object<'_> {
    fn says(&self, text: &str) -> bool {
        self.dictionary.contains(text)
    }

    /// The numbers that follow a name.
    fn numbers(&self, name: &str) -> Vec<f64> {
        let rest = self.dictionary.split_once(name).map_or("", |(_, rest)| rest);
        let parts = rest.split(|character: char| character.is_whitespace() || "[]<>/".contains(character));
        parts.filter(|part| !part.is_empty()).map_while(|part| part.parse().ok()).collect()
    }

    fn inflated(&self) -> Result<Vec<u8>> {
        let mut content = Vec::new();
        ZlibDecoder::new(self.stream.context("an object without a stream")?).read_to_end(&mut content)?;
        Ok(content)
    }
}

fn objects(file: &[u8]) -> HashMap<u32, Object<'_>> {
    let mut objects = HashMap::new();
    let mut rest = file;
    while let Some(begin) = find(rest, b" 0 obj\n") {
        let digits = rest[..begin].iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = String::from_utf8_lossy(&rest[begin - digits..begin]).parse().unwrap_or_default();
        rest = &rest[begin + b" 0 obj\n".len()..];
        let end = find(rest, b"endobj").unwrap_or(rest.len());
        let stream = find(rest, b"stream\n").filter(|stream| *stream < end);
        let dictionary = String::from_utf8_lossy(&rest[..stream.unwrap_or(end)]).into_owned();
        let stream = stream.map(|begin| &rest[begin + b"stream\n".len()..]);
        rest = match stream {
            // What is deflated may hold any bytes.
            Some(stream) => &stream[find(stream, b"\nendstream").unwrap_or(0)..],
            None => &rest[end..],
        };
        objects.insert(number, Object { dictionary, stream });
    }
    objects
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn read(page: &Object<'_>, objects: &HashMap<u32, Object<'_>>) -> Result<PdfPage> {
    let object = |number: f64| objects.get(&(number as u32)).context("an object that is not there");
    let sizes = page.numbers("/MediaBox");
    let content = object(page.numbers("/Contents")[0])?.inflated()?;
    let content = String::from_utf8_lossy(&content);
    let mut fonts = HashMap::new();
    let (mut text, mut fills) = (String::new(), Vec::new());
    let (mut colour, mut font) = ([0.0; 3], String::new());
    for line in content.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [.., red, green, blue, "rg"] => {
                colour = [red, green, blue].map(|part| part.parse().unwrap_or_default());
            }
            ["f" | "f*"] => fills.push(colour),
            [name, _, "Tf"] => {
                name.clone_into(&mut font);
                if !fonts.contains_key(name) {
                    let of_font = object(page.numbers(&format!("{name} "))[0])?;
                    let map = object(of_font.numbers("/ToUnicode")[0])?.inflated()?;
                    fonts.insert(name.to_owned(), characters(&String::from_utf8_lossy(&map)));
                }
            }
            [.., glyphs, "Tj"] => text.push_str(&shown(glyphs, fonts.get(&font))),
            ["ET"] => text.push('\n'),
            _ => {}
        }
    }
    Ok(PdfPage { size: [sizes[2], sizes[3]], text, fills })
}

/// The characters of a font's glyphs.
fn characters(map: &str) -> HashMap<u32, u32> {
    let mut characters = HashMap::new();
    for line in map.lines() {
        let codes: Vec<u32> = line.split_whitespace().filter_map(hexadecimal).collect();
        match codes[..] {
            [glyph, character] => {
                characters.insert(glyph, character);
            }
            [first, last, character] => {
                characters.extend((first..=last).map(|glyph| (glyph, character + glyph - first)));
            }
            _ => {}
        }
    }
    characters
}

fn hexadecimal(code: &str) -> Option<u32> {
    u32::from_str_radix(code.strip_prefix('<')?.strip_suffix('>')?, 16).ok()
}

fn shown(glyphs: &str, font: Option<&HashMap<u32, u32>>) -> String {
    let digits = glyphs.trim_matches(['<', '>']).as_bytes();
    let codes =
        digits.chunks(4).filter_map(|four| u32::from_str_radix(std::str::from_utf8(four).ok()?, 16).ok());
    codes.filter_map(|code| char::from_u32(*font?.get(&code)?)).collect()
}
