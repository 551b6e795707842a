//! Rebuilds the crate when a migration is added: `embed_migrations!` cannot say what it has read.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
