import {
  inspectCandidates,
  type CandidateReport,
  type ClientLibraryOptions,
} from '../client-library/index.js';
import { UsageError } from '../errors/index.js';
import { ExitCode } from './exit-codes.js';
import { lines, same, text, type Text } from './words.js';
import { misused, type Check } from './doctor/step.js';

/** The places where the client library is looked for, with what is known of each; nothing is loaded. */
export function candidates(options: ClientLibraryOptions, environment: NodeJS.ProcessEnv): CandidateReport[] {
  return [...inspectCandidates(options, environment)];
}

/** One candidate as one line. */
export function candidateLine(candidate: CandidateReport): Text {
  const { path, file, source, architecture, flavour, version, reason, chinese } = candidate;
  const known = [flavour, version, architecture].filter((fact) => fact !== undefined).join(', ');
  const where = file === undefined || file === path ? path : `${path} → ${file}`;
  const facts = known === '' ? '' : ` [${known}]`;
  return text(
    `${where} (${source}): ${reason}${facts}`,
    `${where}（${chinese?.source ?? source}）：${chinese?.reason ?? reason}${facts}`,
  );
}

export function remedyOf({ remedy, chinese }: CandidateReport): Text | undefined {
  return remedy === undefined ? undefined : text(remedy, chinese?.remedy ?? remedy);
}

/** The verdict as one word. */
export function verdictWord({ verdict }: CandidateReport): Text {
  switch (verdict) {
    case 'usable':
      return text('usable', '可用');
    case 'doubtful':
      return text('doubtful', '存疑');
    case 'unusable':
      return text('unusable', '不可用');
  }
}

/** Nothing speaks against it, or only the dynamic linker can tell. */
export function mayServe({ verdict, exists }: CandidateReport): boolean {
  return verdict === 'usable' || (verdict === 'doubtful' && exists);
}

export function candidatesCheck(options: ClientLibraryOptions, environment: NodeJS.ProcessEnv): Check {
  return {
    id: 'candidates',
    title: text('Library search', '客户端库查找'),
    exitCode: ExitCode.local,
    run: () => {
      let all: CandidateReport[];
      try {
        all = candidates(options, environment);
      } catch (error) {
        if (error instanceof UsageError) return misused(error);
        throw error;
      }
      const there = all.filter(({ exists }) => exists);
      const usable = all.filter(mayServe);
      const facts = { candidates: all };
      const finding = text(
        `Places searched: ${all.length}; with a library: ${there.length}; that may serve: ${usable.length}.`,
        `查找 ${all.length} 处，其中 ${there.length} 处存在库文件，${usable.length} 处可能可用。`,
      );
      const detail = lines(...all.map(candidateLine));
      if (usable.length > 0) return { status: 'ok', finding, detail, facts };
      // What is said of the first that is there helps most; of those that are not, the advice is one and the same.
      const first = there[0] ?? all[0];
      return {
        status: 'warn',
        finding,
        detail,
        remedy: lines(first === undefined ? same('') : remedyOf(first)),
        facts,
      };
    },
  };
}
