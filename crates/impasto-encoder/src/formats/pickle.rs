//! Checks a pickle before it is read: the functions that it would call, and its length.
//!
//! A pickle is a program for Python, and a hostile one calls `os.system`. Neither this code nor the reader executes
//! anything, so a hostile file would only look damaged; this check tells the user what the file really is. It accepts
//! only the names that `torch.save` writes for weights. It also limits the length, because the reader keeps an object
//! for each byte; weights need only some kilobytes.
//!
//! Opcodes and their arguments are those of Python's `pickletools`.

use std::collections::HashMap;
use std::io::{self, Read};

/// Longest pickle. VGG-19's has 4 kB, that of a whole module with its source 100 kB.
pub(super) const LONGEST: usize = 1 << 20;

/// Why a pickle is refused.
#[derive(Debug)]
pub(super) enum Refusal {
    /// It would call this function.
    Calls(String),
    /// It is not a pickle, ends early or is too long.
    Damaged(String),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal::Damaged(match error.kind() {
            io::ErrorKind::UnexpectedEof => "the pickle is cut off".into(),
            _ => error.to_string(),
        })
    }
}

/// Reads one pickle to its end and checks every name that it asks Python for.
pub(super) fn inspect(from: &mut impl Read, left: &mut usize) -> Result<(), Refusal> {
    let mut scan = Scan { from, left, recent: [const { None }; 2], memo: HashMap::new() };
    while scan.step()? {}
    Ok(())
}

struct Scan<'a, R> {
    from: &'a mut R,
    left: &'a mut usize,
    /// The last two values that were pushed, if they are texts: module and name for `STACK_GLOBAL`.
    recent: [Option<String>; 2],
    memo: HashMap<u64, String>,
}

impl<R: Read> Scan<'_, R> {
    /// Reads one opcode with its argument; false at the end.
    fn step(&mut self) -> Result<bool, Refusal> {
        let [opcode] = self.bytes()?;
        match opcode {
            b'.' => return Ok(false),
            // Names, each on a line.
            b'c' | b'i' => {
                let (module, name) = (self.line()?, self.line()?);
                allow(&module, &name)?;
                self.push(None);
            }
            0x93 => match std::mem::take(&mut self.recent) {
                [Some(module), Some(name)] => allow(&module, &name)?,
                _ => return Err(Refusal::Calls("a function with a computed name".into())),
            },
            // Private programs register classes by number.
            0x82..=0x84 => return Err(Refusal::Calls("a class by its number".into())),
            // Texts.
            b'U' | 0x8c => {
                let [length] = self.bytes()?;
                self.text(u64::from(length))?;
            }
            b'T' | b'X' => {
                let length = self.number::<4>()?;
                self.text(length)?;
            }
            0x8d => {
                let length = self.number::<8>()?;
                self.text(length)?;
            }
            b'V' | b'S' => {
                let line = self.line()?;
                self.push(Some(line));
            }
            // The memo.
            b'q' => self.put::<1>()?,
            b'r' => self.put::<4>()?,
            0x94 => self.remember(self.memo.len() as u64),
            b'h' => self.get::<1>()?,
            b'j' => self.get::<4>()?,
            b'p' => {
                let key = self.line()?.parse().unwrap_or(u64::MAX);
                self.remember(key);
            }
            b'g' => {
                let key = self.line()?.parse().unwrap_or(u64::MAX);
                self.recall(key);
            }
            // Other values, grouped by the length of their argument.
            b'I' | b'L' | b'F' | b'P' => {
                self.line()?;
                self.push(None);
            }
            b'K' => self.skip(1)?,
            b'M' => self.skip(2)?,
            b'J' => self.skip(4)?,
            b'G' => self.skip(8)?,
            b'C' | 0x8a => {
                let length = self.number::<1>()?;
                self.skip(length)?;
            }
            b'B' | 0x8b => {
                let length = self.number::<4>()?;
                self.skip(length)?;
            }
            0x8e | 0x96 => {
                let length = self.number::<8>()?;
                self.skip(length)?;
            }
            // Framing, which pushes nothing.
            0x80 => drop(self.bytes::<1>()?),
            0x95 => drop(self.bytes::<8>()?),
            // Opcodes without an argument.
            b'('
            | b'0'
            | b'1'
            | b'2'
            | b'N'
            | b'R'
            | b'b'
            | b'd'
            | b'l'
            | b't'
            | b's'
            | b'a'
            | b')'
            | b']'
            | b'}'
            | b'e'
            | b'u'
            | b'Q'
            | b'o'
            | 0x81
            | 0x85..=0x89
            | 0x8f..=0x92
            | 0x97
            | 0x98 => {
                self.push(None);
            }
            other => return Err(Refusal::Damaged(format!("not a pickle: opcode {other:#04x}"))),
        }
        Ok(true)
    }

    fn push(&mut self, value: Option<String>) {
        let [_, last] = &mut self.recent;
        let last = last.take();
        self.recent = [last, value];
    }

    fn remember(&mut self, key: u64) {
        match &self.recent[1] {
            Some(text) => drop(self.memo.insert(key, text.clone())),
            None => drop(self.memo.insert(key, String::new())),
        }
    }

    fn recall(&mut self, key: u64) {
        let text = self.memo.get(&key).filter(|text| !text.is_empty()).cloned();
        self.push(text);
    }

    fn put<const N: usize>(&mut self) -> Result<(), Refusal> {
        let key = self.number::<N>()?;
        self.remember(key);
        Ok(())
    }

    fn get<const N: usize>(&mut self) -> Result<(), Refusal> {
        let key = self.number::<N>()?;
        self.recall(key);
        Ok(())
    }

    fn text(&mut self, length: u64) -> Result<(), Refusal> {
        self.take(length)?;
        let mut bytes = vec![0; length as usize];
        self.from.read_exact(&mut bytes)?;
        self.push(Some(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }

    fn skip(&mut self, length: u64) -> Result<(), Refusal> {
        self.take(length)?;
        let skipped = io::copy(&mut self.from.take(length), &mut io::sink())?;
        if skipped < length {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.push(None);
        Ok(())
    }

    fn line(&mut self) -> Result<String, Refusal> {
        let mut line = Vec::new();
        loop {
            match self.bytes()? {
                [b'\n'] => return Ok(String::from_utf8_lossy(&line).into_owned()),
                [byte] => line.push(byte),
            }
        }
    }

    fn number<const N: usize>(&mut self) -> Result<u64, Refusal> {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&self.bytes::<N>()?);
        Ok(u64::from_le_bytes(bytes))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N as u64)?;
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn take(&mut self, length: u64) -> Result<(), Refusal> {
        let length = usize::try_from(length).ok().filter(|length| length <= self.left);
        let length = length.ok_or_else(|| {
            Refusal::Damaged(format!(
                "a pickle of more than {LONGEST} bytes, or one that lies about a length"
            ))
        })?;
        *self.left -= length;
        Ok(())
    }
}

/// Accepts the names that `torch.save` uses when it saves weights, a module or the state of a training.
fn allow(module: &str, name: &str) -> Result<(), Refusal> {
    let builtins =
        ["set", "frozenset", "slice", "int", "float", "complex", "list", "dict", "tuple", "object"];
    let allowed = match module {
        "collections" => ["OrderedDict", "defaultdict", "Counter"].contains(&name),
        "__builtin__" | "builtins" => builtins.contains(&name) || ["bytearray", "range"].contains(&name),
        "copy_reg" | "copyreg" => name == "_reconstructor",
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        "torch._utils" => name.starts_with("_rebuild_"),
        "torch._tensor" => name == "_rebuild_from_type_v2",
        "torch.serialization" => name == "_get_layout",
        "torch" => {
            name.ends_with("Storage")
                || name.ends_with("Tensor")
                || ["Size", "device", "dtype", "float16", "bfloat16", "float32", "float64"].contains(&name)
        }
        "numpy" => ["ndarray", "dtype"].contains(&name),
        "numpy.core.multiarray" | "numpy._core.multiarray" => ["_reconstruct", "scalar"].contains(&name),
        _ => ["torch.storage", "torch.nn.modules.", "torch.nn.parameter", "torchvision.models.vgg"]
            .iter()
            .any(|known| module.starts_with(known)),
    };
    if allowed { Ok(()) } else { Err(Refusal::Calls(format!("{module}.{name}"))) }
}
