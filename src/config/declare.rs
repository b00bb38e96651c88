//! `section!`: declares a struct of settings once, with everything that `config show` and
//! `docs/configuration.md` say of each.

/// What is known of one setting beside its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Where it stands in the file: `http.addr`.
    pub path: String,
    /// What it is.
    pub doc: String,
    /// The unit or form of its value.
    pub unit: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
}

impl About {
    /// The environment variable that sets it: `PLAYHOUSE_HTTP_ADDR`.
    #[must_use]
    pub fn env(&self) -> String {
        format!("{}{}", super::ENV_PREFIX, self.path.replace('.', "_").to_uppercase())
    }

    /// True if the environment's text is the value as it stands, never a number or a list.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.unit, "address" | "duration" | "path" | "secret" | "text" | "url")
    }

    /// True if the value must never be shown.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.unit == "secret"
    }
}

/// Declares a section: for each setting its doc comment, unit, default and reason.
macro_rules! section {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])*
                $(#[serde($serde:meta)])*
                $field:ident : $type:ty = $default:expr, $unit:literal, $reason:literal;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        $vis struct $name {
            $(
                $(#[doc = $doc])*
                #[doc = concat!("\n\n", $reason)]
                $(#[serde($serde)])*
                pub $field: $type,
            )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl $name {
            /// What is known of each setting of this section, which stands under `prefix`.
            fn about(prefix: &str) -> Vec<$crate::config::About> {
                vec![$($crate::config::About {
                    path: format!("{prefix}{}", stringify!($field)),
                    doc: concat!($($doc),*).trim().to_owned(),
                    unit: $unit,
                    reason: $reason,
                },)*]
            }
        }
    };
}
pub(super) use section;
