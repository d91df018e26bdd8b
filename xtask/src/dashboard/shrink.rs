//! Makes WebAssembly and its glue smaller than the compiler and wasm-bindgen leave them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module, ModuleConfig};

/// Functions that are never run, each by what its name consists of: no page prints an error of the kind that brings a
/// backtrace along, and WebAssembly has no backtraces. What only they need goes with them. They are large, so the
/// compiler has merged none of them with another function.
const NEVER_RUN: [[&str; 3]; 3] = [
    ["anyhow", "ErrorImpl", "5debug"],
    ["backtrace_rs", "SymbolName", "Display"],
    ["rustc_demangle", "DemangleStyle", "Display"],
];
/// The module under whose name a program asks for the glue's functions.
const GLUE_MODULE: &str = "./dashboard_bg.js";

/// The program without what is never run, and with short names for the glue's functions in both.
pub(super) fn program(wasm: &[u8], glue: &str) -> Result<(Vec<u8>, String)> {
    let mut module = parse(wasm)?;
    let names = shorten_imports(&mut module);
    Ok((written(module), renamed(glue, &names)))
}

/// The same for a part, which asks for nothing of the glue.
pub(super) fn part(wasm: &[u8]) -> Result<Vec<u8>> {
    parse(wasm).map(written)
}

fn parse(wasm: &[u8]) -> Result<Module> {
    let mut config = ModuleConfig::new();
    config.generate_producers_section(false).parse(wasm).context("could not read the dashboard's WebAssembly")
}

fn written(mut module: Module) -> Vec<u8> {
    let never_run = module.funcs.iter_local().map(|(id, _)| id).filter(|id| is_never_run(&module, *id));
    for function in never_run.collect::<Vec<_>>() {
        replace_with_trap(&mut module, function);
    }
    walrus::passes::gc::run(&mut module);
    module.emit_wasm()
}

fn is_never_run(module: &Module, function: FunctionId) -> bool {
    let name = module.funcs.get(function).name.as_deref().unwrap_or_default();
    NEVER_RUN.iter().any(|parts| parts.iter().all(|part| name.contains(part)))
}

fn replace_with_trap(module: &mut Module, function: FunctionId) {
    let signature = module.types.get(module.funcs.get(function).ty());
    let (parameters, results) = (signature.params().to_vec(), signature.results().to_vec());
    let arguments = parameters.iter().map(|parameter| module.locals.add(*parameter)).collect();
    let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
    trap.func_body().unreachable();
    module.funcs.get_mut(function).kind = FunctionKind::Local(trap.local_func(arguments));
}

/// wasm-bindgen's names carry a hash each, which no compression makes small.
fn shorten_imports(module: &mut Module) -> BTreeMap<String, String> {
    let of_glue = module.imports.iter_mut().filter(|import| import.module == GLUE_MODULE);
    let mut names = BTreeMap::new();
    for import in of_glue {
        let number = names.len();
        let short = names.entry(import.name.clone()).or_insert_with(|| format!("i{number}"));
        import.name.clone_from(short);
    }
    names
}

/// JavaScript without indentation, empty lines and comments.
pub(super) fn script(script: &str) -> String {
    renamed(script, &BTreeMap::new())
}

/// The same with these words replaced.
fn renamed(glue: &str, names: &BTreeMap<String, String>) -> String {
    let mut short = String::with_capacity(glue.len());
    let mut is_comment = false;
    for line in glue.lines().map(str::trim) {
        is_comment |= line.starts_with("/*");
        if !is_comment && !line.is_empty() && !line.starts_with("//") {
            replace_words(line, names, &mut short);
            short.push('\n');
        }
        is_comment &= !line.ends_with("*/");
    }
    short
}

fn replace_words(line: &str, names: &BTreeMap<String, String>, to: &mut String) {
    let is_of_word = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '$');
    let mut rest = line;
    while let Some(start) = rest.find(is_of_word) {
        let (before, from_word) = rest.split_at(start);
        let end = from_word.find(|character| !is_of_word(character)).unwrap_or(from_word.len());
        let (word, after) = from_word.split_at(end);
        to.push_str(before);
        to.push_str(names.get(word).map_or(word, String::as_str));
        rest = after;
    }
    to.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use walrus::ValType;

    const NAME: &str = "__wbg_now_0123456789abcdef";

    /// A module that asks the glue for the time, and exports one function of this name.
    fn module(function: &str) -> Vec<u8> {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[ValType::F64]);
        let (now, _) = module.add_import_func(GLUE_MODULE, NAME, ty);
        let mut body = FunctionBuilder::new(&mut module.types, &[], &[ValType::F64]);
        body.name(function.to_owned()).func_body().call(now);
        let exported = body.finish(Vec::new(), &mut module.funcs);
        module.exports.add("run", exported);
        module.emit_wasm()
    }

    fn imports(wasm: &[u8]) -> Vec<String> {
        let module = Module::from_buffer(wasm).unwrap();
        module.imports.iter().map(|import| format!("{} {}", import.module, import.name)).collect()
    }

    #[test]
    fn program_and_glue_agree_on_a_short_name() {
        let glue = format!("const imports = {{ {NAME}: () => Date.now(), {NAME}1: 1 }};");
        let (wasm, glue) = program(&module("run"), &glue).unwrap();
        assert_eq!(imports(&wasm), [format!("{GLUE_MODULE} i0")]);
        assert_eq!(glue, format!("const imports = {{ i0: () => Date.now(), {NAME}1: 1 }};\n"));
    }

    #[test]
    fn what_is_never_run_asks_for_nothing() {
        let asked = |name: &str| imports(&part(&module(name)).unwrap()).len();
        assert_eq!(asked("_RNvMNtCs6f4Yx9dIras_6anyhow3fmtNtNtB4_5error9ErrorImpl5debug"), 0);
        assert_eq!(asked("_ZN6anyhow3fmt42_$LT$impl$u20$anyhow..error..ErrorImpl$GT$5debug17h0E"), 0);
        assert_eq!(asked("_ZN6anyhow5error9ErrorImpl7display17h0E"), 1);
    }

    #[test]
    fn a_script_loses_comments_and_indentation_and_nothing_else() {
        let text = "/**\n * Doc\n */\nfunction a() {\n    // why\n    return `b // ${c}`;\n\n}\n/* d */\n";
        assert_eq!(script(text), "function a() {\nreturn `b // ${c}`;\n}\n");
    }
}
