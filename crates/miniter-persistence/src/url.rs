//! The address of a database, as it stands in the settings.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the database is: `sqlite:PATH`, or `mysql://USER:PASSWORD@HOST/DATABASE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A MySQL or MariaDB server.
    #[cfg(feature = "mysql")]
    Mysql(MysqlUrl),
}

impl DatabaseUrl {
    /// The file, if it is one.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            #[cfg(feature = "mysql")]
            Self::Mysql(_) => None,
        }
    }
}

/// The text is not the address of a database. Its message says which form is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct DatabaseUrlError(&'static str);

impl FromStr for DatabaseUrl {
    type Err = DatabaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return parse_sqlite(path).map(Self::Sqlite).map_err(DatabaseUrlError);
        }
        #[cfg(feature = "mysql")]
        if text.starts_with("mysql:") {
            return MysqlUrl::parse(text).map(Self::Mysql).map_err(DatabaseUrlError);
        }
        #[cfg(not(feature = "mysql"))]
        if text.starts_with("mysql:") {
            return Err(DatabaseUrlError(
                "this miniter was built for sqlite: only; build it with --features mysql to use mysql:",
            ));
        }
        Err(DatabaseUrlError(
            "a database URL is sqlite:PATH (for example sqlite:data/miniter.db) or \
             mysql://USER:PASSWORD@HOST/DATABASE",
        ))
    }
}

fn parse_sqlite(path: &str) -> Result<PathBuf, &'static str> {
    // sqlite:///srv/miniter.db has an empty host; sqlite://srv/miniter.db would name the host "srv".
    let path = match path.strip_prefix("//") {
        Some(absolute) if absolute.starts_with('/') => absolute,
        Some(_) => {
            return Err(
                "a SQLite URL names no host: write sqlite:relative/path.db or sqlite:/absolute/path.db",
            );
        }
        None => path,
    };
    if path.is_empty() || path == ":memory:" {
        return Err("a SQLite URL names a file (for example sqlite:data/miniter.db)");
    }
    // SQLite would take it for a URL of its own, and the files beside it would be made elsewhere.
    if path.starts_with("file:") || path.starts_with("sqlite:") {
        return Err("a SQLite URL is sqlite: and a path, without file: or another sqlite:");
    }
    if path.contains(['?', '\0']) {
        return Err("a SQLite URL is sqlite: and a path, without parameters");
    }
    Ok(Path::new(path).to_owned())
}

impl fmt::Display for DatabaseUrl {
    /// Without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            #[cfg(feature = "mysql")]
            Self::Mysql(url) => url.fmt(f),
        }
    }
}

/// The address of a database on a server. Neither of its printed forms shows the password.
#[cfg(feature = "mysql")]
#[derive(Clone, PartialEq, Eq)]
pub struct MysqlUrl(url::Url);

#[cfg(feature = "mysql")]
impl MysqlUrl {
    /// A parameter without effect is refused: the client library and Diesel pass over much in silence.
    fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "a MySQL URL is mysql://USER:PASSWORD@HOST:PORT/DATABASE, with % escapes for /, @, : and % in \
                            the user and the password";
        // The parser removes these, and goes up at `..`.
        let (address, _) = text.split_once(['?', '#']).unwrap_or((text, ""));
        if text.contains(char::is_control) || address.matches('/').count() != 3 {
            return Err(FORM);
        }
        let mut url = url::Url::parse(text).map_err(|_| FORM)?;
        let database = url.path().trim_start_matches('/');
        let is_whole = url.host_str().is_some_and(|host| !host.is_empty())
            && !url.username().is_empty()
            && !database.is_empty()
            && url.port() != Some(0);
        if !is_whole {
            return Err(FORM);
        }
        if database.contains('%') {
            return Err("a MySQL URL names the database without % escapes, in ASCII");
        }
        if url.fragment().is_some() {
            return Err("a MySQL URL has no part that begins with #; in the user and the password write %23");
        }
        Self::check_parameters(&url)?;
        // The client library would use its default socket and not the port.
        if url.host_str() == Some("localhost") && url.port().is_some() {
            url.set_host(Some("127.0.0.1")).map_err(|_| FORM)?;
        }
        Ok(Self(url))
    }

    fn check_parameters(url: &url::Url) -> Result<(), &'static str> {
        let parameters: Vec<_> = url.query_pairs().collect();
        let has = |wanted: &str| parameters.iter().any(|(name, _)| name == wanted);
        if parameters.iter().any(|(name, value)| {
            value.is_empty() || !["ssl_ca", "ssl_cert", "ssl_key", "unix_socket"].contains(&&**name)
        }) {
            return Err(
                "a MySQL URL takes the parameters ssl_ca, ssl_cert, ssl_key and unix_socket; with ssl_ca=FILE the \
                 connection must be encrypted",
            );
        }
        if parameters
            .iter()
            .enumerate()
            .any(|(number, (name, _))| parameters.iter().take(number).any(|(before, _)| before == name))
        {
            return Err("a MySQL URL has each parameter once");
        }
        if has("ssl_cert") != has("ssl_key") {
            return Err("a MySQL URL has ssl_cert and ssl_key, or neither");
        }
        if has("unix_socket") && (url.host_str() != Some("localhost") || url.port().is_some()) {
            return Err(
                "a MySQL URL with unix_socket has the host localhost and no port, since it leads to neither",
            );
        }
        Ok(())
    }

    /// Whether the connection must be encrypted.
    pub(crate) fn wants_tls(&self) -> bool {
        self.0.query_pairs().any(|(name, _)| name.starts_with("ssl_"))
    }

    /// The whole address, with the password.
    pub(crate) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(feature = "mysql")]
impl fmt::Display for MysqlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.0.port().map_or_else(String::new, |port| format!(":{port}"));
        let (user, host) = (self.0.username(), self.0.host_str().unwrap_or_default());
        write!(f, "mysql://{user}@{host}{port}{}", self.0.path())
    }
}

#[cfg(feature = "mysql")]
impl fmt::Debug for MysqlUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MysqlUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlite_url_is_a_path() {
        for (text, path) in [
            ("sqlite:data/miniter.db", "data/miniter.db"),
            ("sqlite:/srv/miniter.db", "/srv/miniter.db"),
            ("sqlite:///srv/miniter.db", "/srv/miniter.db"),
        ] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(path.into())), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_form_that_is_wanted() {
        for text in [
            "",
            "data/miniter.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://host/x.db",
            "sqlite:x.db?mode=ro",
            "sqlite:file:x.db",
            "sqlite:sqlite://x.db",
            "sqlit:data/miniter.db",
            "postgres://localhost/miniter",
            "Mysql://root@localhost/miniter",
        ] {
            let refused = text.parse::<DatabaseUrl>();
            assert!(refused.is_err_and(|error| error.to_string().contains("sqlite:")), "{text}");
        }
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn a_mysql_url_names_a_user_a_host_and_a_database() {
        for text in
            ["mysql://root@localhost/miniter", "mysql://a:b%40c@db.example:3307/miniter?ssl_ca=/etc/ca.pem"]
        {
            assert!(text.parse::<DatabaseUrl>().is_ok(), "{text}");
        }
        for text in
            ["mysql://a@h/d?ssl_mode=required", "mysql://a@h/d?sslca=x", "mysql://a@h/d?ssl_ca=x&timeout=5"]
        {
            let refused = text.parse::<DatabaseUrl>();
            assert!(refused.is_err_and(|error| error.to_string().contains("ssl_ca=FILE")), "{text}");
        }
        for (text, says) in [
            ("mysql://a@localhost:3307/d?unix_socket=/s", "leads to neither"),
            ("mysql://a@db.example/d?unix_socket=/s", "leads to neither"),
            ("mysql://a@h/d?ssl_ca=x&ssl_ca=y", "each parameter once"),
            ("mysql://a@h/d?ssl_cert=x", "or neither"),
            ("mysql://a@h/d?ssl_ca=", "ssl_ca=FILE"),
            ("mysql://a@h/d#x", "begins with #"),
            ("mysql://a@h/%64", "without % escapes"),
        ] {
            let refused = text.parse::<DatabaseUrl>();
            assert!(refused.is_err_and(|error| error.to_string().contains(says)), "{text}");
        }
        for text in [
            "mysql://a@h/d/",
            "mysql://a@h//d",
            "mysql://a@h/x/../d",
            "mysql://a@h:0/d",
            "mysql://a:p\tq@h/d",
            "mysql:",
            "mysql://",
            "mysql://root@/x",
            "mysql://host/x",
            "mysql://root@host",
            "mysql://root@h/a/b",
        ] {
            let refused = text.parse::<DatabaseUrl>();
            assert!(refused.is_err_and(|error| error.to_string().contains("mysql://USER")), "{text}");
        }
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn a_port_is_never_passed_over_for_a_socket() {
        for (text, leads_to) in [
            ("mysql://a:b@localhost:3307/d?ssl_ca=/x", "mysql://a:b@127.0.0.1:3307/d?ssl_ca=/x"),
            ("mysql://a:b@localhost/d", "mysql://a:b@localhost/d"),
            ("mysql://a:b@localhost/d?unix_socket=/s", "mysql://a:b@localhost/d?unix_socket=/s"),
            ("mysql://a:b@[::1]:3307/d", "mysql://a:b@[::1]:3307/d"),
        ] {
            assert_eq!(MysqlUrl::parse(text).unwrap().as_str(), leads_to);
        }
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn a_password_is_not_printed() {
        let url: DatabaseUrl = "mysql://miniter:hunter2@db.example:3307/miniter".parse().unwrap();
        assert_eq!(url.to_string(), "mysql://miniter@db.example:3307/miniter");
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
