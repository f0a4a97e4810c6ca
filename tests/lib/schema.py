"""Whether a JSON value is what a schema of an OpenAPI 3.0 file says. Knows what our file uses; refuses what it does not know."""
import re

TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}
KNOWN = {"type", "properties", "required", "additionalProperties", "items", "enum", "pattern", "minimum", "maximum", "description",
         "default", "nullable", "format", "minLength", "maxLength", "$ref"}


def resolve(api, schema):
    while "$ref" in schema:
        found = api
        for word in schema["$ref"].removeprefix("#/").split("/"):
            found = found[word]
        schema = found
    return schema


def faults(api, schema, value, at="answer"):
    """What is wrong, as sentences; none: the value fits."""
    schema = resolve(api, schema)
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{at}: this checker does not know {sorted(unknown)}"]
    kind = schema["type"]
    if value is None and schema.get("nullable"):
        return []
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return [f"{at}: {value!r} is no {kind}"]
    out = []
    if "enum" in schema and value not in schema["enum"]:
        out.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        out.append(f"{at}: {value!r} does not match {schema['pattern']}")
    if "minLength" in schema and len(value) < schema["minLength"] or "maxLength" in schema and len(value) > schema["maxLength"]:
        out.append(f"{at}: has {len(value)} characters")
    if schema.get("format") == "date-time" and not re.search(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", value):
        out.append(f"{at}: {value!r} is no date and time")
    if "minimum" in schema and value < schema["minimum"] or "maximum" in schema and value > schema["maximum"]:
        out.append(f"{at}: {value} is out of range")
    if kind == "array":
        for nth, one in enumerate(value):
            out += faults(api, schema["items"], one, f"{at}[{nth}]")
    if kind == "object":
        properties = schema.get("properties", {})
        out += [f"{at}: lacks {name}" for name in schema.get("required", []) if name not in value]
        for name, one in value.items():
            if name in properties:
                out += faults(api, properties[name], one, f"{at}.{name}")
            elif isinstance(schema.get("additionalProperties"), dict):
                out += faults(api, schema["additionalProperties"], one, f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                out.append(f"{at}: has {name}, which the schema does not know")
    return out


def answer_faults(api, method, path, answer):
    """Of an answer with status, json and headers to this method and templated path."""
    responses = api["paths"][path][method.lower()]["responses"]
    response = responses.get(str(answer.status))
    if response is None:
        return [f"{method} {path}: {answer.status} is not in the file"]
    out = [f"{method} {path}: {answer.status} lacks the header {name}" for name in response.get("headers", {})
           if name not in answer.headers and answer.status != 409]
    if "application/json" not in response["content"]:
        return out
    return out + [f"{method} {path}: {fault}" for fault in
                  faults(api, response["content"]["application/json"]["schema"], answer.json)]
