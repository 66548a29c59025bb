// The readers of text in JavaScript: arrays, and SQL's tokens and placeholders. Malformed text is an error of one kind
// or taken as it is; what is read of SQL is all of it.
'use strict';
const { parseArray, quoteElement } = require('../../../../dist/types/array-text.js');
const { tokens } = require('../../../../dist/sql/lexer.js');
const { compilePlaceholders } = require('../../../../dist/sql/placeholder-compiler.js');

function arrays(text) {
  let read;
  try {
    read = parseArray(text, ',');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return;
  }
  const write = (value) => {
    if (Array.isArray(value)) return `{${value.map(write).join(',')}}`;
    return value === null ? 'NULL' : quoteElement(value);
  };
  if (!Array.isArray(read)) return;
  const again = JSON.stringify(parseArray(write(read), ','));
  if (again !== JSON.stringify(read))
    throw new Error(`${JSON.stringify(read)} is written and read as ${again}.`);
}

function sql(text) {
  let end = 0;
  for (const token of tokens(text)) {
    if (token.end <= token.start || token.start < end || token.end > text.length) {
      throw new Error(`A token from ${token.start} to ${token.end} behind one that ends at ${end}.`);
    }
    end = token.end;
  }
  for (const kind of ['none', 'positional', 'named']) {
    try {
      compilePlaceholders(text, kind);
    } catch (error) {
      if (error.name !== 'UsageError') throw error;
    }
  }
}

module.exports.fuzz = (bytes) => {
  const text = bytes.toString('utf8');
  arrays(text);
  sql(text);
};
