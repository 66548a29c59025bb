import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { USAGE } from '../../lib/cli/usage.js';

const root = path.resolve(import.meta.dirname, '../..');
const folder = path.join(root, '.github/ISSUE_TEMPLATE');
const forms = readdirSync(folder).filter((name) => name !== 'config.yml');
const KINDS = ['markdown', 'textarea', 'input', 'dropdown', 'checkboxes'];

interface Form {
  name: string;
  description: string;
  body: { type: string; id?: string; attributes: { label?: string; description?: string } }[];
}

describe.each(forms)('the form %s', (file) => {
  const text = readFileSync(path.join(folder, file), 'utf8');
  const { name, description, body } = parse(text) as Form;

  it('is one as GitHub takes it, in both languages', () => {
    for (const words of [name, description]) expect(words).toMatch(/[a-z].*\p{Script=Han}/u);
    const fields = body.filter(({ type }) => type !== 'markdown');
    expect(body.filter(({ type }) => !KINDS.includes(type))).toEqual([]);
    expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
    for (const { id = '', attributes } of fields) {
      expect(id).toMatch(/^[a-z]+$/);
      expect(attributes.label).toMatch(/[a-z].*\p{Script=Han}/iu);
    }
  });

  it('names commands and documents that are there', () => {
    for (const [, command = '', options = ''] of text.matchAll(/`npx kingbase-native (\w+)([^`]*)`/g)) {
      expect(USAGE.en).toContain(`\n  ${command} `);
      for (const [option] of options.matchAll(/--\w+/g)) expect(USAGE.en).toContain(option);
    }
    for (const [document] of text.matchAll(/[\w./-]+\.md\b/g))
      expect(existsSync(path.join(root, document)), document).toBe(true);
  });
});

it('a form for problems asks for the report of the doctor, without names', () => {
  expect(readFileSync(path.join(folder, 'problem.yml'), 'utf8')).toContain(
    '`npx kingbase-native doctor --json --redact`',
  );
});
