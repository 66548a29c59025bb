// numeric in binary form, as the driver writes it. Second opinion: the value, read back digit by digit.
'use strict';
const { ByteSink } = require('../../../../dist/encoding/byte-sink.js');
const { writeNumericText, writeNumericNumber } = require('../../../../dist/encoding/numeric.js');

const ALPHABET = '0123456789.-+eE0000999NaInfity';

/** A decimal as its digits and the power of ten of the last, without zeros that mean nothing. */
function plain(text) {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return text;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  let digits = `${whole}${fraction}`.replace(/^0+/, '');
  let power = Number(exponent) - fraction.length;
  while (digits.endsWith('0')) {
    digits = digits.slice(0, -1);
    power++;
  }
  return digits === '' ? '0' : `${sign === '-' ? '-' : ''}${digits}e${power}`;
}

function readBack(field) {
  const length = field.readInt32BE(0);
  const [count, weight, sign] = [4, 6, 8].map((at) => field.readInt16BE(at));
  if (length !== 8 + 2 * count || field.length !== length + 4) throw new Error('The lengths do not agree.');
  if ((sign & 0xffff) === 0xc000) return 'NaN';
  let digits = '';
  for (let i = 0; i < count; i++) {
    const digit = field.readInt16BE(12 + 2 * i);
    if (digit < 0 || digit > 9999) throw new Error(`${digit} is no digit in base 10,000.`);
    digits += String(digit).padStart(4, '0');
  }
  return plain(`${sign === 0x4000 ? '-' : ''}${digits || '0'}e${4 * (weight - count + 1)}`);
}

const sink = new ByteSink();

function check(text, write) {
  sink.length = 0;
  if (!write(sink)) {
    if (sink.length !== 0) throw new Error('What is refused leaves nothing behind.');
    return;
  }
  const got = readBack(sink.bytes.subarray(0, sink.length));
  if (got !== plain(text)) throw new Error(`${text} was written as ${got}.`);
}

module.exports.fuzz = (bytes) => {
  const text = Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  check(text, (to) => writeNumericText(to, text));
  if (bytes.length < 8) return;
  const number = bytes.readDoubleBE(0);
  if (Number.isFinite(number)) check(String(number), (to) => writeNumericNumber(to, number));
};
