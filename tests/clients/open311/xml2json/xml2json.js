const {XMLParser} = require('fast-xml-parser');
exports.toJson = text => new XMLParser({parseTagValue: false}).parse(text);
