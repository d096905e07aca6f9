//! All profiles: the built-in ones, and the person's own files that add to them or replace one.
//!
//! Change here: what replaces what. Not here: reading folders (the caller brings names and texts).

use super::assets;
use super::profile::{Profile, ProfileError};

/// The profiles by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalog {
    profiles: Vec<Profile>,
}

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("profile {file}: {why}")]
pub struct LeftOut {
    pub file: String,
    pub why: ProfileError,
}

impl Catalog {
    /// Reads the built-in profiles, then the person's files as (file name, text). A wrong file is reported, the others live.
    pub fn read(files: &[(String, String)]) -> (Catalog, Vec<LeftOut>) {
        let mut catalog = Catalog { profiles: Vec::new() };
        let built_in: Vec<(&str, &str)> = assets::profiles().collect();
        let own = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        let left_out = built_in.into_iter().chain(own).filter_map(|(file, text)| match Profile::parse(text) {
            Ok(profile) => {
                catalog.put(profile);
                None
            }
            Err(why) => Some(LeftOut { file: file.to_owned(), why }),
        });
        let left_out = left_out.collect();
        (catalog, left_out)
    }

    pub fn get(&self, name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.name.as_str() == name)
    }

    /// All of them: built-in ones first, then the person's own in the order they came.
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    fn put(&mut self, profile: Profile) {
        match self.profiles.iter_mut().find(|had| had.name == profile.name) {
            Some(had) => *had = profile,
            None => self.profiles.push(profile),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(file: &str, text: &str) -> (String, String) {
        (file.to_owned(), text.to_owned())
    }

    #[test]
    fn every_built_in_profile_is_right() {
        let (catalog, left_out) = Catalog::read(&[]);
        assert_eq!(left_out, []);
        assert_eq!(catalog.profiles().len(), assets::profiles().count());
        assert_eq!(catalog.get("shell").unwrap().title, "Shell");
        assert_eq!(catalog.get("none"), None);
    }

    #[test]
    fn an_own_file_adds_or_replaces_and_a_wrong_one_harms_no_other() {
        let shell = assets::text("agents/shell.toml").unwrap();
        let files = [
            own("mine.toml", &shell.replace("title = \"Shell\"", "title = \"Mine\"")),
            own("broken.toml", "name = \"broken\"\ntitle = 1"),
            own("other.toml", &shell.replace("name = \"shell\"", "name = \"other\"")),
        ];
        let (catalog, left_out) = Catalog::read(&files);
        assert_eq!(catalog.get("shell").unwrap().title, "Mine");
        assert_eq!(catalog.get("other").unwrap().title, "Shell");
        assert_eq!(left_out.len(), 1);
        let told = left_out[0].to_string();
        assert!(told.starts_with("profile broken.toml: line 2: "), "{told}");
    }
}
