import type { Life, Sample } from './recorder.mjs';

type Language = 'en' | 'zh';
type Words = Readonly<Record<Language, string>>;

const WORDS = {
  title: { en: 'The life of a pool', zh: '连接池的运行过程' },
  open: { en: 'connections', zh: '连接数' },
  inUse: { en: 'in use', zh: '使用中' },
  waiting: { en: 'calls that wait', zh: '等待的调用' },
  outage: { en: 'server away', zh: '服务器不可用' },
  lost: { en: 'connection ended', zh: '连接结束' },
  seconds: { en: 'seconds', zh: '秒' },
  events: { en: 'What happened', zh: '发生的事件' },
  at: { en: 'after', zh: '时间' },
  event: { en: 'event', zh: '事件' },
  connect: { en: 'a connection was made', zh: '建立了一个连接' },
  disconnect: { en: 'a connection ended', zh: '一个连接结束' },
  away: { en: 'the server could not be reached', zh: '无法连接服务器' },
} as const satisfies Readonly<Record<string, Words>>;

const WIDTH = 900;
const HEIGHT = 300;
const LEFT = 40;
const BOTTOM = 30;

const LINES = [
  { key: 'open', colour: '#0b57d0', dashes: '' },
  { key: 'inUse', colour: '#14612c', dashes: '8 3' },
  { key: 'waiting', colour: '#a3110d', dashes: '2 3' },
] as const;

const STYLE = `
:root { color-scheme: light; font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; color: #1b1b1b; background: #fff; }
main { display: none; }
#show-en:checked ~ main[lang="en"], #show-zh:checked ~ main[lang="zh-CN"] { display: block; }
input:focus-visible + label { outline: 3px solid #0b57d0; }
svg { width: 100%; height: auto; } svg text { font-size: 13px; fill: #1b1b1b; }
table { border-collapse: collapse; } th, td { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #ccc; }
`;

const escaped = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const seconds = (ms: number): string => (ms / 1_000).toFixed(2);

/** One page in both languages, which loads nothing and runs no program. */
export function poolLifePage(life: Life, language: Language): string {
  const radios = (['en', 'zh'] as const).map(
    (each) =>
      `<input type="radio" name="language" id="show-${each}"${each === language ? ' checked' : ''}><label for="show-${each}">${each === 'en' ? 'English' : '中文'}</label>`,
  );
  return `<!doctype html>
<html lang="${tagOf(language)}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>${WORDS.title[language]}</title>
<style>${STYLE}</style>
<body>
${radios.join('\n')}
${section(life, 'en')}
${section(life, 'zh')}
</body>
</html>
`;
}

const tagOf = (language: Language): string => (language === 'zh' ? 'zh-CN' : 'en');

function section(life: Life, language: Language): string {
  const rows = [
    ...life.events.map(({ at, kind, reason }) => ({ at, words: `${WORDS[kind][language]}: ${reason}` })),
    ...life.outages.map(({ from, to }) => ({
      at: from,
      words: `${WORDS.away[language]}${to === undefined ? '' : `: ${seconds(to - from)} s`}`,
    })),
  ].sort((one, other) => one.at - other.at);
  return `<main lang="${tagOf(language)}">
<h1>${WORDS.title[language]}</h1>
${picture(life, language)}
<h2>${WORDS.events[language]}</h2>
<table>
<thead><tr><th scope="col">${WORDS.at[language]} (s)</th><th scope="col">${WORDS.event[language]}</th></tr></thead>
<tbody>
${rows.map(({ at, words }) => `<tr><td>${seconds(at)}</td><td>${escaped(words)}</td></tr>`).join('\n')}
</tbody>
</table>
</main>`;
}

function picture({ samples, events, outages }: Life, language: Language): string {
  const end = Math.max(samples.at(-1)?.at ?? 0, 1);
  const most = Math.max(1, ...samples.map(({ open, waiting }) => Math.max(open, waiting)));
  const x = (ms: number): number => LEFT + (ms / end) * (WIDTH - LEFT - 10);
  const y = (count: number): number => HEIGHT - BOTTOM - (count / most) * (HEIGHT - BOTTOM - 40);
  const step = Math.max(1, Math.ceil(most / 5));
  const counts = Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
  // The last number ends where the lines end.
  const anchorOf = (n: number): string => (n === 5 ? 'end' : 'middle');
  const times = Array.from({ length: 6 }, (_, n) => (end / 5) * n);
  const steps = (key: Exclude<keyof Sample, 'at'>): string =>
    samples
      .map((sample, n) => `${n === 0 ? 'M' : `H${x(sample.at).toFixed(1)}V`}${point(sample, key, n)}`)
      .join('');
  const point = (sample: Sample, key: Exclude<keyof Sample, 'at'>, n: number): string =>
    n === 0 ? `${x(sample.at).toFixed(1)} ${y(sample[key]).toFixed(1)}` : y(sample[key]).toFixed(1);
  const legend = LINES.map(
    ({ key, colour, dashes }, n) =>
      `<path d="M${LEFT + n * 190} 14h30" stroke="${colour}" stroke-width="3" stroke-dasharray="${dashes}"/><text x="${LEFT + 36 + n * 190}" y="18">${WORDS[key][language]}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${WORDS.title[language]}">
${outages.map(({ from, to }) => `<rect x="${x(from)}" y="30" width="${x(to ?? end) - x(from)}" height="${HEIGHT - BOTTOM - 30}" fill="#f9dedc"/><text x="${x(from) + 4}" y="44">${WORDS.outage[language]}</text>`).join('\n')}
${counts.map((count) => `<path d="M${LEFT} ${y(count)}H${WIDTH - 10}" stroke="#ccc"/><text x="${LEFT - 8}" y="${y(count) + 4}" text-anchor="end">${count}</text>`).join('\n')}
${times.map((ms, n) => `<text x="${x(ms)}" y="${HEIGHT - 8}" text-anchor="${anchorOf(n)}">${seconds(ms)}</text>`).join('\n')}
${events.map(({ at, kind }) => (kind === 'connect' ? '' : `<path d="M${x(at) - 4} ${HEIGHT - BOTTOM - 4}l8 8m0-8l-8 8" stroke="#1b1b1b" stroke-width="2"/>`)).join('')}
${LINES.map(({ key, colour, dashes }) => `<path d="${steps(key)}" fill="none" stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dashes}"/>`).join('\n')}
${legend.join('\n')}
<path d="M${LEFT + 580} 10l8 8m0-8l-8 8" stroke="#1b1b1b" stroke-width="2"/><text x="${LEFT + 596}" y="18">${WORDS.lost[language]}</text>
<text x="${WIDTH - 10}" y="${HEIGHT - BOTTOM - 6}" text-anchor="end">${WORDS.seconds[language]}</text>
</svg>`;
}
