/**
 * Imports in lib/ go down: the folders stand on floors, and none imports a folder of a higher floor. Adapters use the
 * public interface as a user would, and the command-line tool that and the knowledge.
 *
 * `npm run lint` runs it on this checkout.
 */
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import {
  cruise,
  type ICruiseResult,
  type IFlattenedRuleSet,
  type IForbiddenRuleType,
} from 'dependency-cruiser';

/** From the ground up: a folder imports what stands below it, and its neighbours on the same floor. */
const floors = [
  ['base'],
  ['addon'],
  ['errors'],
  ['types', 'sql', 'observability', 'client-library'],
  ['config', 'encoding'],
  ['driver'],
  ['pool'],
  ['cluster'],
  ['facade'],
];
const knowledge = `^lib/(${floors.slice(2, 5).flat().join('|')})/`;

const upward: IForbiddenRuleType[] = floors.slice(0, -1).map((folders, floor) => ({
  name: `${folders.join('-')}-imports-nothing-above`,
  severity: 'error',
  from: { path: `^lib/(${folders.join('|')})/` },
  to: {
    path: `^lib/(${floors
      .slice(floor + 1)
      .flat()
      .join('|')})/`,
  },
}));

const rules: Required<Pick<IFlattenedRuleSet, 'forbidden'>> = {
  forbidden: [
    { name: 'no-cycle', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved-import', severity: 'error', from: {}, to: { couldNotResolve: true } },
    ...upward,
    {
      name: 'only-users-import-the-public-interface',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/((adapters|cli)/|index\\.mts$)' },
      to: { path: '^lib/index\\.ts$' },
    },
    {
      name: 'adapters-use-the-public-interface',
      severity: 'error',
      from: { path: '^lib/adapters/' },
      to: { path: '^lib/', pathNot: '^lib/(index\\.ts$|adapters/)' },
    },
    {
      name: 'cli-uses-the-public-interface-and-knowledge',
      severity: 'error',
      from: { path: '^lib/cli/' },
      to: { path: '^lib/', pathNot: ['^lib/(index\\.ts$|cli/|addon/|base/)', knowledge] },
    },
    {
      name: 'nothing-imports-adapters-or-cli',
      severity: 'error',
      from: { path: '^lib/', pathNot: '^lib/(adapters|cli)/' },
      to: { path: '^lib/(adapters|cli)/' },
    },
    {
      // A development dependency is missing where the package is installed; its types are erased, and a peer is
      // there where that is used which needs it.
      name: 'no-development-dependency',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg'],
        dependencyTypesNot: ['type-only', 'triple-slash-type-reference', 'npm-peer'],
      },
    },
  ],
};

/** Every import under `root`/lib that goes the wrong way, as `rule: from → to`. */
export async function findWrongImports(root: string): Promise<string[]> {
  const { output } = await cruise(['lib'], {
    baseDir: root,
    validate: true,
    ruleSet: rules,
    // Imports of types alone count as well: they are erased, but they tie the layers together all the same.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  });
  const { summary } = output as ICruiseResult;
  if (summary.totalCruised === 0) throw new Error(`No module was found in ${path.join(root, 'lib')}.`);
  return summary.violations.map(({ rule, from, to, cycle }) => {
    const chain = cycle ? [from, ...cycle.map((step) => step.name)] : [from, to];
    return `${rule.name}: ${chain.join(' → ')}`;
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wrong = await findWrongImports(path.resolve(import.meta.dirname, '../..'));
  for (const line of wrong) console.error(line);
  process.exitCode = wrong.length === 0 ? 0 : 1;
}
