// XML by the Spark convention: the root has no name, and a list is an array whose entries have none.
const {XMLParser} = require('fast-xml-parser');

function value(node) {
    const [name] = Object.keys(node).filter(key => key !== ':@');
    const children = node[name];
    const elements = children.filter(child => !('#text' in child));
    if (elements.length === 0)
        return children.map(child => child['#text']).join('');
    const names = elements.map(child => Object.keys(child)[0]);
    if (new Set(names).size < names.length || elements.length === 1)
        return elements.map(value);
    return Object.fromEntries(elements.map((child, i) => [names[i], value(child)]));
}

exports.parseXml = text => {
    const nodes = new XMLParser({preserveOrder: true, parseTagValue: false, trimValues: false}).parse(text);
    return value(nodes.find(node => !('?xml' in node) && !('#text' in node)));
};
