//! The key that signs tokens: from the settings, or generated once into a file beside the database.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use miniter_service::TokenSecret;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use uuid::Uuid;

use crate::settings::Settings;

/// The current secret and the previous ones.
///
/// # Errors
/// With a sentence, if one of them is too short or the file cannot be read or made.
pub(crate) fn token_secrets(settings: &Settings) -> anyhow::Result<(TokenSecret, Vec<TokenSecret>)> {
    let current = match (&settings.jwt_secret, settings.database_url.sqlite_path()) {
        (Some(secret), _) => checked("MINITER_JWT_SECRET", secret)?,
        (None, Some(database)) => read_or_generate(&file_beside(database))?,
        // A database server has no folder that every node can read.
        (None, None) => bail!(
            "MINITER_JWT_SECRET is not set; with a database server every node needs the same one, of at least 32 \
             bytes; make one with: openssl rand -base64 48"
        ),
    };
    let previous = settings
        .previous_secrets()
        .map(|secret| checked("MINITER_JWT_PREVIOUS_SECRETS", secret))
        .collect::<Result<_, _>>()?;
    Ok((current, previous))
}

fn checked(variable: &str, secret: &SecretString) -> anyhow::Result<TokenSecret> {
    TokenSecret::new(secret.expose_secret().as_bytes())
        .map_err(|too_short| anyhow!("{variable}: {too_short}; make one with: openssl rand -base64 48"))
}

/// `data/miniter.db` → `data/miniter.db.jwt-secret`.
fn file_beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".jwt-secret");
    name.into()
}

/// Renames the generated secret beside a database, if it exists, so that the next start generates a new one. Returns the new
/// name after the change is on the disk.
///
/// # Errors
/// With a sentence for the operator, if the file cannot be renamed.
pub(crate) fn set_aside(database: &Path) -> anyhow::Result<Option<PathBuf>> {
    let file = file_beside(database);
    let mut aside = file.as_os_str().to_owned();
    aside.push(".replaced");
    let renamed = fs::rename(&file, &aside).and_then(|()| File::open(folder_of(&file))?.sync_all());
    match renamed {
        Ok(()) => Ok(Some(aside.into())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| {
            format!(
                "cannot rename the token secret {}; the database is as it was; let this user own the folder, and try again",
                file.display()
            )
        }),
    }
}

/// The folder that a file is in.
fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn read_or_generate(file: &Path) -> anyhow::Result<TokenSecret> {
    if !file.exists() {
        generate(file).with_context(|| {
            format!(
                "cannot write a token secret to {}; make the folder writable or set MINITER_JWT_SECRET",
                file.display()
            )
        })?;
    }
    let read = || -> std::io::Result<SecretSlice<u8>> {
        // A reader of the file can log in as any user.
        fs::set_permissions(file, Permissions::from_mode(0o600))?;
        Ok(fs::read(file)?.into())
    };
    let secret = read().with_context(|| {
        format!(
            "cannot read the token secret in {}; let this user own the file or set MINITER_JWT_SECRET",
            file.display()
        )
    })?;
    TokenSecret::new(secret.expose_secret().trim_ascii()).map_err(|too_short| {
        anyhow!(
            "{}: {too_short}; restore the file, or delete it: the next start then generates a new secret, which logs all users out",
            file.display()
        )
    })
}

/// Writes a new secret. After a power cut the file is either whole or missing. If another process has created the file first,
/// that file stays.
fn generate(file: &Path) -> std::io::Result<()> {
    let folder = folder_of(file);
    // Made with mode 0600.
    let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
    // 244 random bits from the operating system.
    writeln!(temporary, "{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())?;
    temporary.as_file().sync_all()?;
    match temporary.persist_noclobber(file) {
        Ok(_) => {
            log::info!("generated a token secret in {}", file.display());
            File::open(folder)?.sync_all()
        }
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_secret_is_kept_in_a_file_that_only_its_owner_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("miniter.db.jwt-secret");
        read_or_generate(&file).unwrap();
        let first = fs::read_to_string(&file).unwrap();
        assert!(first.trim().len() >= 64, "{first}");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

        read_or_generate(&file).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), first, "the second start finds the first one's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left behind");
    }

    #[test]
    fn a_secret_that_others_could_read_is_closed_to_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "x".repeat(40)).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        read_or_generate(&file).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn an_empty_secret_file_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "").unwrap();
        let refused = read_or_generate(&file).err().unwrap().to_string();
        assert!(refused.contains("at least 32 bytes") && refused.contains("delete it"), "{refused}");
    }
}
