//! The agents that run offline against our model, and what each needs in a home of its own: programs, files and variables.
//!
//! Change here: what belongs to one agent. Everything that a person does once (onboarding, keys, trust) is done by these files.
//! Not here: versions (`install.rs`) or how threadkeep drives an agent (its profile).

use crate::install;
use crate::model_server::MODELS;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agent {
    Claude,
    Codex,
    Opencode,
    Qwen,
    Pi,
}

/// Whether the person has said before that the folder of the test can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    Given,
    Asked,
}

/// Where an agent's own files and its model lie.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub folder: &'a Path,
    pub model_url: &'a str,
    pub trust: Trust,
}

/// How a program is started: by itself, or by an interpreter.
#[derive(Debug, Clone)]
pub enum Program {
    Native(PathBuf),
    Script { interpreter: PathBuf, script: PathBuf },
}

impl Agent {
    pub const ALL: [Agent; 5] = [Agent::Claude, Agent::Codex, Agent::Opencode, Agent::Qwen, Agent::Pi];

    /// The name of its program, and of its profile.
    pub fn name(self) -> &'static str {
        match self {
            Agent::Claude => "claude",
            Agent::Codex => "codex",
            Agent::Opencode => "opencode",
            Agent::Qwen => "qwen",
            Agent::Pi => "pi",
        }
    }

    /// Its program, installed if need be; else why not.
    pub fn program(self) -> Result<Program, String> {
        let native = |package| install::program(package).map(Program::Native);
        let script =
            |package| Ok(Program::Script { interpreter: install::node()?, script: install::program(package)? });
        match self {
            Agent::Claude => native(install::CLAUDE),
            Agent::Codex => native(install::CODEX),
            Agent::Opencode => native(install::OPENCODE),
            Agent::Qwen => script(install::QWEN),
            Agent::Pi => script(install::PI),
        }
    }

    /// A model as this agent wants to be told of it.
    pub fn model(self, name: &str) -> String {
        match self {
            Agent::Claude | Agent::Codex | Agent::Qwen => name.into(),
            Agent::Opencode | Agent::Pi => format!("loopback/{name}"),
        }
    }

    /// The variables that a person would have in the shell; none of those that threadkeep drops.
    pub fn variables(self, place: Place) -> Vec<(&'static str, String)> {
        let url = place.model_url;
        match self {
            // The rest stands in its settings: variables with its name do not pass.
            Agent::Claude => vec![("ANTHROPIC_BASE_URL", url.into()), ("ANTHROPIC_AUTH_TOKEN", "loopback".into())],
            Agent::Codex => vec![("LOOPBACK_KEY", "loopback".into())],
            Agent::Opencode => vec![
                ("OPENCODE_DISABLE_AUTOUPDATE", "1".into()),
                ("OPENCODE_DISABLE_MODELS_FETCH", "1".into()),
                ("OPENCODE_DISABLE_LSP_DOWNLOAD", "1".into()),
            ],
            Agent::Qwen => vec![
                ("OPENAI_API_KEY", "loopback".into()),
                ("OPENAI_BASE_URL", format!("{url}/v1")),
                ("OPENAI_MODEL", MODELS[0].into()),
            ],
            Agent::Pi => {
                vec![("PI_OFFLINE", "1".into()), ("PI_TELEMETRY", "0".into()), ("PI_SKIP_VERSION_CHECK", "1".into())]
            }
        }
    }

    /// The files of a person who has used it before: path below the home, and text.
    pub fn files(self, place: Place) -> Vec<(&'static str, String)> {
        match self {
            Agent::Claude => claude_files(place),
            Agent::Codex => vec![(".codex/config.toml", codex_config(place))],
            Agent::Opencode => vec![(".config/opencode/opencode.json", opencode_config(place))],
            Agent::Qwen => vec![(".qwen/settings.json", qwen_settings(place))],
            Agent::Pi => pi_files(place),
        }
    }
}

fn claude_files(place: Place) -> Vec<(&'static str, String)> {
    let folder = place.folder.to_string_lossy();
    let trusted = json!({ "hasTrustDialogAccepted": place.trust == Trust::Given });
    let state = json!({
        "hasCompletedOnboarding": true, "hasSeenAutoDefaultNotice": true, "hasSeenAutoDefaultNudge": true,
        "projects": { folder.as_ref(): trusted },
    });
    let settings = json!({
        "model": MODELS[0],
        // A person's own choice; the default one asks a model of its maker whether a tool may run.
        "permissions": { "defaultMode": "manual" },
        "env": {
            "DISABLE_TELEMETRY": "1", "DISABLE_AUTOUPDATER": "1", "DISABLE_ERROR_REPORTING": "1",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "CLAUDE_CODE_MAX_RETRIES": "1",
        },
    });
    vec![(".claude.json", state.to_string()), (".claude/settings.json", settings.to_string())]
}

fn codex_config(place: Place) -> String {
    let (url, folder) = (place.model_url, place.folder.display());
    let trust = match place.trust {
        Trust::Given => format!("[projects.\"{folder}\"]\ntrust_level = \"trusted\"\n"),
        Trust::Asked => String::new(),
    };
    // Policies that stand here are an answer to the dialog about trust as well.
    let policies = match place.trust {
        Trust::Given => "approval_policy = \"on-request\"\nsandbox_mode = \"workspace-write\"\n",
        Trust::Asked => "",
    };
    format!(
        "model = \"{}\"\nmodel_provider = \"loopback\"\ncheck_for_update_on_startup = false\n{policies}\
         [analytics]\nenabled = false\n[features]\ndefault_mode_request_user_input = true\n\
         [model_providers.loopback]\nname = \"loopback\"\nbase_url = \"{url}/v1\"\nwire_api = \"responses\"\n\
         env_key = \"LOOPBACK_KEY\"\nrequest_max_retries = 1\nstream_max_retries = 1\n{trust}",
        MODELS[0]
    )
}

fn opencode_config(place: Place) -> String {
    let models: serde_json::Map<_, _> =
        MODELS.iter().map(|name| ((*name).to_owned(), json!({ "name": name, "tool_call": true }))).collect();
    json!({
        "autoupdate": false, "share": "disabled", "model": Agent::Opencode.model(MODELS[0]),
        "permission": { "bash": "ask", "edit": "ask" },
        "provider": { "loopback": {
            "npm": "@ai-sdk/openai-compatible", "name": "loopback",
            "options": { "baseURL": format!("{}/v1", place.model_url), "apiKey": "loopback" }, "models": models,
        } },
    })
    .to_string()
}

fn qwen_settings(place: Place) -> String {
    json!({
        "general": { "enableAutoUpdate": false },
        "privacy": { "usageStatisticsEnabled": false },
        "telemetry": { "enabled": false },
        "security": { "auth": { "selectedType": "openai", "baseUrl": format!("{}/v1", place.model_url) } },
        // The search program in its package is not made runnable without the package's scripts.
        "tools": { "approvalMode": "default", "useRipgrep": false },
        "model": { "name": MODELS[0] },
    })
    .to_string()
}

fn pi_files(place: Place) -> Vec<(&'static str, String)> {
    let models: Vec<_> = MODELS.iter().map(|name| json!({ "id": name })).collect();
    let providers = json!({ "providers": { "loopback": {
        "baseUrl": format!("{}/v1", place.model_url), "api": "openai-completions", "apiKey": "loopback", "models": models,
    } } });
    let settings = json!({
        "defaultProvider": "loopback", "defaultModel": MODELS[0], "defaultProjectTrust": "always",
        "retry": { "enabled": false },
    });
    vec![(".pi/agent/models.json", providers.to_string()), (".pi/agent/settings.json", settings.to_string())]
}
