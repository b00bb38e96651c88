//! The blocks, and what is made of them.

use super::*;

#[test]
fn the_servers_own_blocks_are_sound_and_every_id_is_there_once() {
    let blocks = blocks(None).unwrap();
    let ids: Vec<_> = blocks.iter().map(|block| block.id.as_str()).collect();
    let all = ["c", "cpp", "rust", "go", "java", "python", "javascript", "wat", "wasm"];
    assert_eq!(ids, all);
    let mut names: Vec<_> = blocks.iter().flat_map(|b| b.aliases.iter().chain([&b.id])).collect();
    let many = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), many, "nothing is known by one name twice");
    let missing = Languages::new(blocks, &[]).missing;
    assert_eq!(missing.len(), 7);
    assert!(missing.iter().all(|one| !one.package.is_empty()), "each says what brings it");
}

#[test]
fn a_file_of_ones_own_adds_languages_and_replaces_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("more.toml");
    let text = "[[language]]\nid = \"awk\"\nname = \"AWK\"\ntoolchain = \"c\"\nfile = \"a.awk\"\n\
        extensions = [\"awk\"]\nrun = [\"/usr/bin/awk\", \"-f\", \"{file}\"]\nimage = \"toolchain\"\n";
    std::fs::write(&path, text).unwrap();
    let more = blocks(Some(&path)).unwrap();
    assert_eq!((more.len(), more.last().unwrap().id.as_str()), (10, "awk"));
    std::fs::write(&path, text.replace("\"awk\"\nname", "\"python\"\nname")).unwrap();
    let replaced = blocks(Some(&path)).unwrap();
    assert_eq!(replaced.len(), 9);
    assert_eq!(replaced.iter().find(|block| block.id == "python").unwrap().name, "AWK");
    for (from, to) in [("run", "walk"), ("\"awk\"\nname", "\"a b\"\nname")] {
        std::fs::write(&path, text.replace(from, to)).unwrap();
        assert!(blocks(Some(&path)).unwrap_err().to_string().contains("more.toml"));
    }
    assert!(blocks(Some(&folder.path().join("none"))).is_err());
}

#[test]
fn a_toolchains_number_is_found_in_what_it_says() {
    for (said, found) in [
        ("cc (Debian 12.2.0-14+deb12u1) 12.2.0", "12.2.0"),
        ("openjdk version \"17.0.15\" 2025-04-15", "17.0.15"),
        ("v20.20.2", "20.20.2"),
        ("Python 3.11.7", "3.11.7"),
        ("go version go1.22 linux/amd64", "1.22.0"),
        ("something without one", "0.0.0"),
    ] {
        assert_eq!(number(said), found);
    }
}

#[test]
fn words_that_stand_for_something_are_put_in_and_files_are_never_split() {
    let block = blocks(None).unwrap().swap_remove(0);
    let language = Language {
        block,
        version: String::new(),
        says: String::new(),
        program: PathBuf::from("/opt/c/bin/cc"),
        toolchain: Image::bare(),
    };
    let words: Vec<String> =
        ["{program}", "{sources}", "{bin}", "{stem}", "-m{memory_mib}"].map(Into::into).into();
    let files = ["src/a.c", "b.c", "c.h", "notes.txt"];
    let all = language.words(&words, &files, 64 << 20);
    assert_eq!(all, ["/opt/c/bin/cc", "src/a.c", "b.c", "/opt/c/bin", "a", "-m64"]);
}
