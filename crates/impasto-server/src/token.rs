//! The secret that opens the server: 32 random bytes in a file that only the user can read.
//!
//! It stays the same when the server is started again, so that tabs and scripts stay signed in. It is compared through
//! its digest, so that the time of a comparison tells nothing about it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use impasto_job::JobError;
use rand::TryRng;
use sha2::{Digest, Sha256};

/// The secret, in hexadecimal.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// Reads the token in this file; if there is none, makes one.
    pub(crate) fn of(path: &Path) -> Result<Token, JobError> {
        match fs::read_to_string(path) {
            Ok(text) if is_token(text.trim()) => Ok(Token(text.trim().to_owned())),
            _ => Token::make(path),
        }
    }

    fn make(path: &Path) -> Result<Token, JobError> {
        let mut bytes = [0u8; 32];
        rand::rngs::SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| JobError::failed(format!("the system gives no random numbers: {error}")))?;
        let token = Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect());
        let _ = fs::remove_file(path);
        private(path)
            .and_then(|mut file| file.write_all(token.0.as_bytes()))
            .map_err(|error| JobError::write(path, &error))?;
        Ok(token)
    }

    /// The token as text.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Whether this text is the token.
    pub(crate) fn is(&self, text: &str) -> bool {
        Sha256::digest(self.0.as_bytes()) == Sha256::digest(text.as_bytes())
    }
}

fn is_token(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Creates a file that only this user can read.
pub(crate) fn private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stays_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let token = Token::of(&path).unwrap();
        assert!(token.is(Token::of(&path).unwrap().text()) && !token.is("") && !token.is(&token.text()[1..]));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "damaged").unwrap();
        assert!(is_token(Token::of(&path).unwrap().text()));
    }
}
