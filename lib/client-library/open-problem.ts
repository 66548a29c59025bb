import type { OpenLibraryFailure } from '../addon/interface.js';
import type { CandidateReport } from './inspect.js';
import { lacksFunctions, notFoundByLinker, problem, V7_LIBRARY, type Problem } from './problems.js';
import { remedyForMissing } from './remedies.js';
import { windowsProblem } from './windows-problem.js';

/** What it means that a library could not be opened, in the light of what its header said. */
export function openProblem(failure: OpenLibraryFailure, report: CandidateReport): Problem {
  switch (failure.failure) {
    case 'v7':
      return V7_LIBRARY;
    case 'symbols':
      return lacksFunctions(failure.missing);
    case 'open': {
      const windowsError = /^Windows error (\d+)/.exec(failure.message)?.[1];
      return windowsError === undefined
        ? linkerProblem(failure.message, report)
        : windowsProblem(Number(windowsError), failure.message, foretold(report));
    }
  }
}

/** What the header told already: more than the system, which names the first library that is missing, or none. */
function foretold({ code, reason, remedy, chinese }: CandidateReport): Problem | undefined {
  if (code !== 'KB_LIBRARY_MISSING_DEPENDENCY' || remedy === undefined) return undefined;
  return problem(
    code,
    { en: reason, zh: chinese?.reason ?? reason },
    { en: remedy, zh: chinese?.remedy ?? remedy },
  );
}

/** `words` are dlerror's. */
function linkerProblem(words: string, report: CandidateReport): Problem {
  const absent = /(\S+): cannot open shared object file/.exec(words)?.[1];
  const known = absent === undefined ? undefined : foretold(report);
  if (known !== undefined) return known;
  if (absent === report.opens) return notFoundByLinker(false);
  if (absent !== undefined) {
    return problem(
      'KB_LIBRARY_MISSING_DEPENDENCY',
      {
        en: `needs ${absent}, not found where the dynamic linker searches`,
        zh: `依赖 ${absent}，在动态链接器的搜索路径中没有找到`,
      },
      remedyForMissing([{ name: absent, neededBy: report.path, searched: [] }], 64),
    );
  }
  const reason = { en: `cannot be loaded: ${words}`, zh: `无法加载：${words}` };
  // "version `GLIBC_2.34' not found (required by …)"
  if (/ version .* not found/.test(words)) {
    return problem('KB_LIBRARY_MISSING_DEPENDENCY', reason, {
      en: 'Install the client library that is made for this operating system and its age, or use a newer system.',
      zh: '安装适用于本操作系统版本的客户端库，或者使用较新的系统。',
    });
  }
  return problem('KB_LIBRARY_LOAD_FAILED', reason);
}
