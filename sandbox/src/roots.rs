//! Roots that stand ready to be copied: for each image one, put together once.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::image::Image;

/// Roots that are kept. 16: one for each toolchain of a machine, and some for modules; the one that was
/// longest without use makes room. Each costs a descriptor, a dozen mounts and some KiB of memory.
const ROOTS_MAX: usize = 16;

/// Which files the parts of an image are: device and number of each, none for one that is not there.
type Parts = Vec<Option<(u64, u64)>>;

/// A root that no jail has entered, and none ever enters: jails are born in copies of it.
#[derive(Debug)]
struct Root {
    image: Image,
    /// What the image's parts were. Where one was replaced since, by an upgrade say, a root would
    /// still show the old one, so another is put together.
    parts: Parts,
    /// Its mount namespace.
    mounts: Arc<OwnedFd>,
}

/// The roots of one sandbox, the one that was used last at the end.
#[derive(Debug, Default)]
pub(crate) struct Roots(Mutex<Vec<Root>>);

impl Roots {
    fn kept(&self) -> MutexGuard<'_, Vec<Root>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The root of `image`; `raise` puts it together if there is none, and meanwhile others wait.
    pub(crate) fn get(
        &self,
        image: &Image,
        raise: impl FnOnce() -> Result<OwnedFd, Error>,
    ) -> Result<Arc<OwnedFd>, Error> {
        let parts = parts(image);
        let mut kept = self.kept();
        let root = match kept.iter().position(|root| root.image == *image) {
            Some(at) if kept[at].parts == parts => kept.remove(at),
            found => {
                let mounts = Arc::new(raise()?);
                found.map(|at| kept.remove(at));
                Root { image: image.clone(), parts, mounts }
            }
        };
        if kept.len() == ROOTS_MAX {
            kept.remove(0);
        }
        let mounts = root.mounts.clone();
        kept.push(root);
        Ok(mounts)
    }

    pub(crate) fn count(&self) -> usize {
        self.kept().len()
    }
}

fn parts(image: &Image) -> Parts {
    let number = |about: fs::Metadata| (about.dev(), about.ino());
    image.binds.iter().map(|bind| fs::metadata(&bind.from).map(number).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some_descriptor() -> OwnedFd {
        fs::File::open("/dev/null").unwrap().into()
    }

    /// The root of `image`, and whether it was put together for it.
    fn asked(roots: &Roots, image: &Image) -> bool {
        let mut raised = false;
        let raise = || {
            raised = true;
            Ok(some_descriptor())
        };
        roots.get(image, raise).unwrap();
        raised
    }

    #[test]
    fn a_root_is_put_together_once_and_again_when_a_part_of_its_image_is_another_file() {
        let folder = tempfile::tempdir().unwrap();
        let part = folder.path().join("part");
        fs::write(&part, "old").unwrap();
        let mut image = Image::bare();
        image.bind(&part, "/part");
        let roots = Roots::default();
        assert!(asked(&roots, &image));
        assert!(!asked(&roots, &image));
        fs::write(folder.path().join("new"), "new").unwrap();
        fs::rename(folder.path().join("new"), &part).unwrap();
        assert!(asked(&roots, &image));
        assert_eq!(roots.count(), 1, "the old one was given up");
    }

    #[test]
    fn a_root_that_failed_is_not_kept() {
        let roots = Roots::default();
        let failed = roots.get(&Image::bare(), || Err(Error::Lost { doing: "building" }));
        failed.unwrap_err();
        assert_eq!(roots.count(), 0);
    }

    #[test]
    fn as_many_roots_are_kept_as_are_allowed_and_the_one_without_use_makes_room() {
        let image = |number: usize| {
            let mut image = Image::bare();
            image.links.push((format!("/{number}"), "x".into()));
            image
        };
        let roots = Roots::default();
        for number in 0..ROOTS_MAX {
            assert!(asked(&roots, &image(number)));
        }
        assert!(!asked(&roots, &image(0)), "it is in use again");
        assert!(asked(&roots, &image(ROOTS_MAX)));
        assert_eq!(roots.count(), ROOTS_MAX);
        assert!(!asked(&roots, &image(0)));
        assert!(asked(&roots, &image(1)));
    }
}
