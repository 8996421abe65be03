//! The reference of the configuration, made from its types: the JSON schema, one key's
//! explanation, and the page in `docs/reference/`.

use std::fmt::Write;

use serde_json::Value;

use super::Config;

/// The JSON schema of `fernpost.toml`.
pub fn schema() -> Value {
    schemars::schema_for!(Config).to_value()
}

/// What is to be known of one key, such as `smpp.listeners.address`; `None` if there is none.
pub fn explain(key: &str) -> Option<String> {
    let schema = schema();
    let mut entries = Vec::new();
    collect(&schema, &schema, "", &mut entries);
    if let Some(entry) = entries.iter().find(|entry| entry.key == key) {
        let mut text = format!("{} ({})\n{}\n", entry.key, entry.form, entry.description);
        if let Some(default) = &entry.default {
            let _infallible = writeln!(text, "default: {default}");
        }
        return Some(text);
    }
    let under: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
        .map(|entry| entry.key.as_str())
        .collect();
    (!under.is_empty()).then(|| format!("{}\n", under.join("\n")))
}

/// The reference page.
pub fn reference() -> String {
    let schema = schema();
    let mut entries = Vec::new();
    collect(&schema, &schema, "", &mut entries);
    let mut page = String::from(
        "# Configuration\n\nEvery key of `fernpost.toml`, made from the types that read it \
         (`fernpost config reference`). Keys inside `[[…]]` tables stand under the table's name.\n\n\
         | key | form | default | what it is |\n|---|---|---|---|\n",
    );
    for entry in entries {
        let default = entry.default.as_deref().unwrap_or("");
        let cell = |text: &str| text.replace('|', "\\|").replace('\n', " ");
        let _infallible = writeln!(
            page,
            "| `{}` | {} | {} | {} |",
            entry.key,
            cell(&entry.form),
            if default.is_empty() { String::new() } else { format!("`{}`", cell(default)) },
            cell(&entry.description)
        );
    }
    page
}

struct Entry {
    key: String,
    form: String,
    description: String,
    default: Option<String>,
}

fn collect(root: &Value, schema: &Value, path: &str, entries: &mut Vec<Entry>) {
    let Some(properties) = resolve(root, schema).get("properties").and_then(Value::as_object) else { return };
    for (name, property) in properties {
        let key = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let target = inner(root, property);
        let is_table = target.get("properties").is_some();
        let description = [property, target].iter().find_map(|value| value.get("description")?.as_str());
        let default = property.get("default").filter(|default| !default.is_null() && !is_table);
        entries.push(Entry {
            key: key.clone(),
            form: form(root, property),
            description: description.unwrap_or_default().to_owned(),
            default: default.map(Value::to_string),
        });
        if is_table {
            collect(root, target, &key, entries);
        }
    }
}

/// The table behind a property: through references, options and arrays.
fn inner<'a>(root: &'a Value, property: &'a Value) -> &'a Value {
    let property = resolve(root, property);
    if let Some(items) = property.get("items") {
        return inner(root, items);
    }
    let options = property.get("anyOf").and_then(Value::as_array);
    match options.and_then(|options| options.iter().find(|option| option.get("$ref").is_some())) {
        Some(option) => inner(root, option),
        None => property,
    }
}

fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema };
    reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// The form of a value in words.
fn form(root: &Value, property: &Value) -> String {
    let resolved = resolve(root, property);
    if let Some(items) = resolved.get("items") {
        return format!("list of {}", form(root, items));
    }
    let choices = |values: &Vec<Value>| {
        values
            .iter()
            .filter_map(Value::as_str)
            .map(|value| format!("`{value}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(values) = resolved.get("enum").and_then(Value::as_array) {
        return choices(values);
    }
    if let Some(options) = resolved.get("oneOf").and_then(Value::as_array) {
        let values = options.iter().filter_map(|option| option.get("const").cloned()).collect();
        return choices(&values);
    }
    if let Some(options) = resolved.get("anyOf").and_then(Value::as_array) {
        return options.first().map_or_else(String::new, |option| form(root, option));
    }
    match resolved.get("type") {
        Some(Value::String(one)) if one == "object" => "table".to_owned(),
        Some(Value::String(one)) => one.clone(),
        Some(Value::Array(several)) => several.iter().find_map(Value::as_str).unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_explained() {
        let schema = schema();
        let mut entries = Vec::new();
        collect(&schema, &schema, "", &mut entries);
        assert!(entries.len() > 60, "{}", entries.len());
        for entry in &entries {
            assert!(!entry.description.is_empty(), "{} has no description", entry.key);
        }
    }

    #[test]
    fn the_reference_page_is_up_to_date() {
        let page = include_str!("../../../docs/reference/config.md");
        let hint = "write it anew: fernpost config reference > docs/reference/config.md";
        assert_eq!(page.trim_end(), reference().trim_end(), "{hint}");
    }

    #[test]
    fn a_key_of_a_gateway_is_found_by_its_path() {
        let text = explain("smpp.accounts.binds_max").unwrap();
        assert!(text.starts_with("smpp.accounts.binds_max (integer)\nSessions"), "{text}");
        assert!(explain("smpp.accounts.nonsense").is_none());
        assert!(explain("validity").unwrap().contains("validity.max_hours") || explain("validity").is_some());
    }
}
