//! Password hashing: Argon2id for what is written, Argon2 and bcrypt for what is read.

use std::cell::RefCell;
use std::error::Error;
use std::sync::Arc;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{self, CustomizedPasswordHasher, PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::background::Background;

/// OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes and one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;

/// What a stored hash may cost to compare with: far more than anybody chooses, and less than would stop the server. One
/// that costs more counts as unreadable.
const MAX_MEMORY_KIB: u32 = 1 << 20;
const MAX_PASSES: u32 = 64;
const MAX_BCRYPT_COST: u32 = 18;

/// Argon2, computed in memory that is used again and again: to get 19 MiB from the system for each hash, and to give them
/// back, keeps others waiting for it.
struct Hasher<'a> {
    params: Params,
    memory: RefCell<&'a mut Memory>,
}

type Memory = Vec<Block>;

impl<'a> Hasher<'a> {
    fn new(memory: &'a mut Memory) -> Result<Self, password_hash::Error> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES))?;
        Ok(Self { params, memory: RefCell::new(memory) })
    }
}

impl PasswordHasher<PasswordHash> for Hasher<'_> {
    fn hash_password_with_salt(&self, password: &[u8], salt: &[u8]) -> password_hash::Result<PasswordHash> {
        self.hash_password_customized(password, salt, None, None, self.params.clone())
    }
}

/// Comparing rests on this, too (`PasswordVerifier` is implemented for whatever implements it).
impl CustomizedPasswordHasher<PasswordHash> for Hasher<'_> {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or(Algorithm::Argon2id);
        let version = version.map(Version::try_from).transpose()?.unwrap_or(Version::V0x13);
        let mut output = [0; Output::MAX_LENGTH];
        let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let output = output.get_mut(..length).ok_or(password_hash::Error::OutputSize)?;
        let blocks = params.block_count();
        let argon2 = Argon2::new(algorithm, version, params.clone());
        if blocks <= self.params.block_count() {
            let mut memory = self.memory.borrow_mut();
            memory.resize(self.params.block_count(), Block::default());
            argon2.hash_password_into_with_memory(password, salt, output, memory.as_mut_slice())
        } else {
            // A dearer one than ours, of somebody who has changed them.
            argon2.hash_password_into(password, salt, output)
        }?;
        Ok(PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: ParamsString::try_from(&params)?,
            salt: Some(Salt::new(salt)?),
            hash: Some(Output::new(output)?),
        })
    }
}

/// Makes and checks password hashes, on threads of their own. Each takes tens of milliseconds of a core, and 19 MiB, which
/// its thread keeps for a second.
pub struct Passwords {
    threads: Background<Memory>,
    /// Stands in for the hash of somebody who does not exist.
    decoy: Arc<PasswordHash>,
}

/// Why a hash could not be made.
pub type PasswordsError = Box<dyn Error + Send + Sync>;

/// What a comparison has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The password is not the one that was hashed, or there is no readable hash.
    Wrong,
    /// It is, and the hash is as we would make it today.
    Right,
    /// It is, but the hash is of an older kind and should be made anew.
    RightButOutdated,
}

/// A stored hash that can be compared with.
enum Stored<'a> {
    Argon2(Box<PasswordHash>),
    Bcrypt(&'a str),
}

impl Passwords {
    /// Sets up the threads: as many as there may be hashes at once.
    ///
    /// # Errors
    /// If the system gives no threads, no random numbers or no memory.
    pub fn new(threads: usize) -> Result<Self, PasswordsError> {
        let mut memory = Memory::new();
        let decoy = Arc::new(Hasher::new(&mut memory)?.hash_password(b"nobody's password")?);
        Ok(Self { threads: Background::start("hash", threads)?, decoy })
    }

    /// The PHC string of `password` with a new random salt. All of the password counts, whatever its length.
    ///
    /// # Errors
    /// If the system gives no random numbers or no memory.
    pub(crate) fn hash(&self, password: &str) -> Result<String, PasswordsError> {
        let password = password.to_owned();
        let hash = move |memory: &mut Memory| Hasher::new(memory)?.hash_password(password.as_bytes());
        Ok(self.threads.run(hash).ok_or("hashing panicked")??.to_string())
    }

    /// Compares `password` with a stored hash.
    ///
    /// Without one (nobody has that e-mail address), and with one that cannot be read, it takes the time of a real
    /// comparison all the same, so that the time does not tell which addresses have an account (OWASP Authentication
    /// Cheat Sheet).
    pub(crate) fn verify(&self, password: &str, stored: Option<&str>) -> Verdict {
        let (password, stored) = (password.to_owned(), stored.map(str::to_owned));
        let decoy = Arc::clone(&self.decoy);
        let verify = move |memory: &mut Memory| {
            let Ok(hasher) = Hasher::new(memory) else { return Verdict::Wrong };
            let compare = |stored| compare(&hasher, &password, &stored);
            stored.as_deref().and_then(read).and_then(compare).unwrap_or_else(|| {
                // The outcome is of no interest, its time is.
                let _ = hasher.verify_password(password.as_bytes(), &decoy);
                Verdict::Wrong
            })
        };
        self.threads.run(verify).unwrap_or(Verdict::Wrong)
    }
}

/// `None` if the comparison could not be made.
fn compare(hasher: &Hasher<'_>, password: &str, stored: &Stored<'_>) -> Option<Verdict> {
    match stored {
        Stored::Argon2(hash) => match hasher.verify_password(password.as_bytes(), &**hash) {
            Ok(()) if is_current(hash) => Some(Verdict::Right),
            Ok(()) => Some(Verdict::RightButOutdated),
            Err(password_hash::Error::PasswordInvalid) => Some(Verdict::Wrong),
            Err(_) => None,
        },
        // bcrypt looks at the first 72 bytes only, and so did the servers that made these hashes.
        Stored::Bcrypt(hash) => match bcrypt::verify(password, hash) {
            Ok(true) => Some(Verdict::RightButOutdated),
            Ok(false) => Some(Verdict::Wrong),
            Err(_) => None,
        },
    }
}

/// Recognises a stored hash; `None` if it is of no kind that we know.
fn read(stored: &str) -> Option<Stored<'_>> {
    if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| stored.starts_with(prefix)) {
        let readable =
            stored.parse::<bcrypt::HashParts>().is_ok_and(|parts| parts.get_cost() <= MAX_BCRYPT_COST);
        return readable.then_some(Stored::Bcrypt(stored));
    }
    let hash = PasswordHash::new(stored).ok()?;
    let comparable = Algorithm::try_from(hash.algorithm.as_str()).is_ok()
        && Params::try_from(&hash)
            .is_ok_and(|params| params.m_cost() <= MAX_MEMORY_KIB && params.t_cost() <= MAX_PASSES)
        && hash.salt.is_some()
        && hash.hash.is_some();
    comparable.then(|| Stored::Argon2(Box::new(hash)))
}

/// Whether a hash is at least as strong as those that we make.
fn is_current(hash: &PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && hash.hash.as_ref().is_some_and(|output| output.as_bytes().len() >= OUTPUT_BYTES)
        && Params::try_from(hash)
            .is_ok_and(|params| params.m_cost() >= MEMORY_KIB && params.t_cost() >= PASSES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weaker(algorithm: Algorithm, memory: u32, passes: u32) -> String {
        let params = Params::new(memory, passes, 1, None).unwrap();
        Argon2::new(algorithm, Version::V0x13, params).hash_password(b"correct horse").unwrap().to_string()
    }

    #[test]
    fn a_new_hash_is_argon2id_with_the_owasp_parameters_and_a_salt_of_its_own() {
        let passwords = Passwords::new(1).unwrap();
        let hash = passwords.hash("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("correct horse").unwrap());
        assert_eq!(passwords.verify("correct horse", Some(&hash)), Verdict::Right);
        assert_eq!(passwords.verify("correct horsf", Some(&hash)), Verdict::Wrong);
        let elsewhere = Argon2::default();
        assert!(
            elsewhere.verify_password(b"correct horse", hash.as_str()).is_ok(),
            "as anybody's Argon2 has it"
        );
    }

    #[test]
    fn a_long_password_counts_to_its_last_character() {
        let passwords = Passwords::new(1).unwrap();
        let long = "🔑".repeat(128);
        let hash = passwords.hash(&long).unwrap();
        assert_eq!(passwords.verify(&long, Some(&hash)), Verdict::Right);
        assert_eq!(passwords.verify(&"🔑".repeat(127), Some(&hash)), Verdict::Wrong);
    }

    #[test]
    fn bcrypt_hashes_of_every_prefix_are_accepted_and_outdated() {
        let passwords = Passwords::new(1).unwrap();
        // "test password" at cost 4, as Python's bcrypt and PHP's password_hash write it.
        let hash = bcrypt::hash("test password", 4).unwrap();
        for prefix in ["$2a$", "$2b$", "$2y$"] {
            let hash = format!("{prefix}{}", &hash[4..]);
            assert_eq!(passwords.verify("test password", Some(&hash)), Verdict::RightButOutdated, "{prefix}");
            assert_eq!(passwords.verify("test passwore", Some(&hash)), Verdict::Wrong, "{prefix}");
        }
    }

    #[test]
    fn a_hash_made_by_pythons_bcrypt_is_accepted() {
        // >>> bcrypt.hashpw("비밀번호123".encode(), bcrypt.gensalt(4))
        let hash = PYTHON_BCRYPT_HASH;
        let passwords = Passwords::new(1).unwrap();
        assert_eq!(passwords.verify("비밀번호123", Some(hash)), Verdict::RightButOutdated);
    }

    const PYTHON_BCRYPT_HASH: &str = "$2b$04$wV74RwIS3bd38my9ALjjcOw4LDYnQe7PVqV3BuEnQWEw2qkrkO0pG";

    #[test]
    fn bcrypt_looks_at_the_first_72_bytes() {
        let passwords = Passwords::new(1).unwrap();
        let hash = bcrypt::hash("a".repeat(72), 4).unwrap();
        assert_eq!(passwords.verify(&"a".repeat(100), Some(&hash)), Verdict::RightButOutdated);
        assert_eq!(passwords.verify(&"a".repeat(71), Some(&hash)), Verdict::Wrong);
    }

    #[test]
    fn a_weaker_argon2_hash_is_accepted_and_outdated() {
        let passwords = Passwords::new(1).unwrap();
        for hash in [
            weaker(Algorithm::Argon2id, 8_192, 2),
            weaker(Algorithm::Argon2id, MEMORY_KIB, 1),
            weaker(Algorithm::Argon2i, MEMORY_KIB, 2),
        ] {
            assert_eq!(passwords.verify("correct horse", Some(&hash)), Verdict::RightButOutdated, "{hash}");
            assert_eq!(passwords.verify("wrong horse", Some(&hash)), Verdict::Wrong, "{hash}");
        }
        let stronger = weaker(Algorithm::Argon2id, MEMORY_KIB + 1_024, 3);
        assert_eq!(passwords.verify("correct horse", Some(&stronger)), Verdict::Right);
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_a_wrong_password() {
        let passwords = Passwords::new(1).unwrap();
        let whole = passwords.hash("correct horse").unwrap();
        for stored in [
            "",
            "correct horse",
            "$2b$",
            "$2b$12$",
            "$2b$12$tooshort",
            "$2b$99$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
            "$2b$12$비밀번호비밀번호비밀번호비밀번호비밀번호비밀번호비밀번호",
            "$2x$04$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
            "$argon2id$",
            "$argon2id$v=19$m=19456,t=2,p=1$",
            "$argon2id$v=19$m=0,t=0,p=0$c2FsdHNhbHQ$aGFzaGhhc2g",
            "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
            "$2b$31$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u",
            "$pbkdf2-sha256$i=1000$c2FsdHNhbHQ$aGFzaGhhc2g",
            "5f4dcc3b5aa765d61d8327deb882cf99",
            &whole[..whole.len() - 50],
        ] {
            assert_eq!(passwords.verify("correct horse", Some(stored)), Verdict::Wrong, "{stored}");
        }
        assert_eq!(passwords.verify("correct horse", None), Verdict::Wrong);
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        let passwords = Passwords::new(1).unwrap();
        assert!(is_current(&passwords.decoy));
        assert_eq!(passwords.verify("nobody's password", None), Verdict::Wrong, "the decoy opens nothing");
    }
}
