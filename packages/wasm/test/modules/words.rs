//! Counts the words of a text: a line for each, in the order of the alphabet, its number behind it. In Rust, with its whole library.
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

fn main() -> io::Result<()> {
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let mut counts = BTreeMap::new();
    for word in text.split_whitespace() {
        *counts.entry(word.to_lowercase()).or_insert(0u32) += 1;
    }
    let mut out = io::stdout().lock();
    for (word, count) in counts {
        writeln!(out, "{word} {count}")?;
    }
    Ok(())
}
