//! A schema in the other spelling: what a property is called on the platform, with its own name
//! beside it (`meta:xdmField`), so that the way back gives the same schema.
//!
//! A name in a namespace becomes objects, one in the other, which are required where something
//! in them is. All else stands as it was: references, rules, titles.

use serde_json::{Map, Value, json};

use super::{ConvertError, To};
use crate::walk::step;

/// Where a property keeps the name that the schema has for it.
const NAME: &str = "meta:xdmField";
/// Marks an object that is a namespace and no property of the schema.
const NAMESPACE: &str = "meta:xdmNamespace";
/// Deepest nesting of schemas: more than a document that was read can have.
const NESTING_MAX: usize = 200;

/// A schema in the other spelling.
///
/// # Errors
/// Two properties would have one name.
pub fn convert_schema(schema: &Value, to: To) -> Result<Value, ConvertError> {
    converted(schema, to, "", 0)
}

fn converted(schema: &Value, to: To, at: &str, depth: usize) -> Result<Value, ConvertError> {
    let Some(map) = schema.as_object() else { return Ok(schema.clone()) };
    if depth > NESTING_MAX {
        return Err(ConvertError::TooDeep { pointer: at.to_owned() });
    }
    let mut out = Map::new();
    for (keyword, value) in map {
        let at = format!("{at}{}", step(keyword));
        let below = |inner: &Value, name: &str| converted(inner, to, &format!("{at}{}", step(name)), depth + 1);
        let value = match (keyword.as_str(), value) {
            ("patternProperties" | "definitions" | "dependencies" | "properties", Value::Object(members)) => {
                let members = members.iter().map(|(name, inner)| Ok((name.clone(), below(inner, name)?)));
                Value::Object(members.collect::<Result<_, ConvertError>>()?)
            }
            ("allOf" | "anyOf" | "oneOf" | "items", Value::Array(items)) => {
                let items = items.iter().enumerate().map(|(index, inner)| below(inner, &index.to_string()));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            (
                "items" | "additionalItems" | "additionalProperties" | "not" | "contains" | "propertyNames",
                Value::Object(_),
            ) => converted(value, to, &at, depth + 1)?,
            _ => value.clone(),
        };
        out.insert(keyword.clone(), value);
    }
    match to {
        To::Platform => spell(&mut out, at)?,
        To::Xdm => unspell(&mut out, at)?,
    }
    Ok(out.into())
}

/// Gives the properties of one schema the platform's names.
fn spell(schema: &mut Map<String, Value>, at: &str) -> Result<(), ConvertError> {
    if let Some(Value::Object(properties)) = schema.get("properties") {
        let mut spelled = Map::new();
        for (name, inner) in properties {
            let mut inner = inner.clone();
            // A property that has its own name beside it already is spelled already.
            let is_spelled = inner.get(NAME).is_some() || inner.get(NAMESPACE).is_some();
            let steps = if is_spelled { vec![name.clone()] } else { xdm::platform_steps(name) };
            if let Some(inner) = inner.as_object_mut().filter(|_| !is_spelled) {
                inner.insert(NAME.to_owned(), name.as_str().into());
            }
            place(&mut spelled, &steps, inner, &format!("{at}/properties"))?;
        }
        schema.insert("properties".to_owned(), spelled.into());
    }
    let Some(Value::Array(names)) = schema.get("required").cloned() else { return Ok(()) };
    let declared = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let mut required: Vec<Value> = Vec::new();
    for name in names {
        let steps = name.as_str().map(xdm::platform_steps).unwrap_or_default();
        // What is declared elsewhere keeps its name here, since its place isn't known.
        let is_here = !steps.is_empty() && own_name(&declared, &steps) == name.as_str();
        match steps.split_first().filter(|_| is_here) {
            Some((first, [])) => required.push(first.as_str().into()),
            Some((first, rest)) => {
                if !required.contains(&first.as_str().into()) {
                    required.push(first.as_str().into());
                }
                require(schema, first, rest);
            }
            None => required.push(name),
        }
    }
    schema.insert("required".to_owned(), required.into());
    Ok(())
}

/// The own name of the property at these steps.
fn own_name<'p>(properties: &'p Map<String, Value>, steps: &[String]) -> Option<&'p str> {
    let (first, rest) = steps.split_first()?;
    let inner = properties.get(first)?;
    match rest.is_empty() {
        true => inner.get(NAME)?.as_str(),
        false => own_name(inner.get("properties")?.as_object()?, rest),
    }
}

fn place(properties: &mut Map<String, Value>, steps: &[String], inner: Value, at: &str) -> Result<(), ConvertError> {
    let Some((first, rest)) = steps.split_first() else { return Ok(()) };
    let pointer = format!("{at}{}", step(first));
    let twice = || ConvertError::Twice { pointer: pointer.clone() };
    if rest.is_empty() {
        return match properties.insert(first.clone(), inner) {
            None => Ok(()),
            Some(_) => Err(twice()),
        };
    }
    let space = || json!({ "type": "object", NAMESPACE: true, "properties": {} });
    let space = properties.entry(first.clone()).or_insert_with(space);
    if space.get(NAMESPACE).is_none() {
        return Err(twice());
    }
    let inside = space.get_mut("properties").and_then(Value::as_object_mut).ok_or_else(twice)?;
    place(inside, rest, inner, &format!("{pointer}/properties"))
}

/// Makes what is in a namespace required there.
fn require(schema: &mut Map<String, Value>, space: &str, rest: &[String]) {
    let space = schema.get_mut("properties").and_then(|properties| properties.get_mut(space)?.as_object_mut());
    let (Some(space), Some((first, deeper))) = (space, rest.split_first()) else { return };
    let required = space.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut().filter(|required| !required.contains(&first.as_str().into())) {
        required.push(first.as_str().into());
    }
    if !deeper.is_empty() {
        require(space, first, deeper);
    }
}

/// Gives the properties of one schema their own names again.
fn unspell(schema: &mut Map<String, Value>, at: &str) -> Result<(), ConvertError> {
    let Some(Value::Object(properties)) = schema.get("properties").cloned() else { return Ok(()) };
    let mut found = Map::new();
    let mut required: Vec<Value> = Vec::new();
    let names = schema.get("required").and_then(Value::as_array).cloned();
    for name in names.iter().flatten() {
        let inner = name.as_str().and_then(|name| properties.get(name));
        match inner {
            Some(inner) if inner.get(NAMESPACE).is_some() => collect_required(inner, &mut required),
            Some(inner) => required.push(inner.get(NAME).unwrap_or(name).clone()),
            None => required.push(name.clone()),
        }
    }
    gather(properties, &mut found, at)?;
    schema.insert("properties".to_owned(), found.into());
    if names.is_some() {
        schema.insert("required".to_owned(), required.into());
    }
    Ok(())
}

fn collect_required(space: &Value, required: &mut Vec<Value>) {
    for name in space.get("required").and_then(Value::as_array).into_iter().flatten() {
        let inner = name.as_str().and_then(|name| space.get("properties")?.get(name));
        match inner {
            Some(inner) if inner.get(NAMESPACE).is_some() => collect_required(inner, required),
            Some(inner) => required.push(inner.get(NAME).unwrap_or(name).clone()),
            None => required.push(name.clone()),
        }
    }
}

/// The properties of a schema, those in namespaces included, under their own names. What is in
/// a namespace has them already: it was converted before.
fn gather(properties: Map<String, Value>, found: &mut Map<String, Value>, at: &str) -> Result<(), ConvertError> {
    for (name, mut inner) in properties {
        if inner.get(NAMESPACE).is_some() {
            if let Some(Value::Object(inside)) = inner.get_mut("properties").map(Value::take) {
                gather(inside, found, at)?;
            }
            continue;
        }
        let own = inner.as_object_mut().and_then(|inner| inner.shift_remove(NAME));
        let own = own.and_then(|own| own.as_str().map(str::to_owned)).unwrap_or(name);
        let pointer = format!("{at}/properties{}", step(&own));
        if found.insert(own, inner).is_some() {
            return Err(ConvertError::Twice { pointer });
        }
    }
    Ok(())
}
