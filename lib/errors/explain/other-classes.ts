import type { Topic } from './topic.js';

/** The rest of the SQLSTATE classes: rare as errors, so that a few words for each are enough. */
export const OTHER_CLASSES: readonly Topic[] = [
  {
    codes: ['00', '01', '02'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The code stands for success, a warning or "no data", and was reported as an error.',
      causes: ['A function or procedure on the server raised it with this code.'],
      actions: ['Read the message, and look at the function that raised it.'],
    },
    zh: {
      headline: '该代码表示成功、警告或“没有数据”，却作为错误报告。',
      causes: ['服务器上的函数或存储过程以此代码抛出。'],
      actions: ['阅读错误信息，并检查抛出它的函数。'],
    },
  },
  {
    codes: ['P0'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A function, procedure or trigger on the server raised an error.',
      causes: [
        'The code on the server rejects the data or the situation on purpose (RAISE).',
        'SELECT … INTO STRICT found no row or several, or an assertion failed.',
      ],
      actions: [
        'Read the message: it was written by the author of the function.',
        "The error's property where names the function and the line.",
      ],
    },
    zh: {
      headline: '服务器上的函数、存储过程或触发器抛出了错误。',
      causes: [
        '服务器端代码有意拒绝该数据或情形（RAISE）。',
        'SELECT … INTO STRICT 没有找到行或找到多行，或断言失败。',
      ],
      actions: ['阅读错误信息，它由函数的作者编写。', '错误的 where 属性指明函数和行号。'],
    },
  },
  {
    codes: ['20', '27', '2F', '38', '39'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A function, procedure or trigger on the server failed.',
      causes: [
        'It ended without RETURN, met no branch of a CASE, or did what its declaration forbids.',
        'A trigger changed the row that the statement was about to change.',
      ],
      actions: [
        "See where it was: the error's property where names the function and the line.",
        'Correct the function.',
      ],
    },
    zh: {
      headline: '服务器上的函数、存储过程或触发器执行失败。',
      causes: [
        '它没有 RETURN 就结束，CASE 没有匹配的分支，或做了其声明所禁止的操作。',
        '触发器修改了语句正要修改的行。',
      ],
      actions: ['查看出错位置：错误的 where 属性指明函数和行号。', '改正该函数。'],
    },
  },
  {
    codes: ['03', '09', '0F', '0Z', '10'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The server refused the statement in a special situation.',
      causes: [
        'A statement is not complete, a trigger failed, or a large object, XQuery or diagnostics command was misused.',
      ],
      actions: ['Read the message and the detail, and look the code up in the manual of the server.'],
    },
    zh: {
      headline: '服务器在特殊情形下拒绝了该语句。',
      causes: ['语句不完整、触发器失败，或大对象、XQuery、诊断命令使用不当。'],
      actions: ['阅读错误信息和详细信息，并在服务器手册中查找该错误码。'],
    },
  },
  {
    codes: ['0L', '0P'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A role or a right cannot be granted or used in this way.',
      causes: [
        'The user may not grant this right, or the role that is named is not one that may be used here.',
      ],
      actions: [
        'Let the owner or an administrator grant it.',
        'See roles and their members: "\\du" in ksql.',
      ],
    },
    zh: {
      headline: '无法以这种方式授予或使用角色、权限。',
      causes: ['该用户无权授予此权限，或指明的角色不能在此使用。'],
      actions: ['由属主或管理员授权。', '查看角色及其成员：在 ksql 中执行“\\du”。'],
    },
  },
  {
    codes: ['HV'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'A foreign table failed: the server could not use the source behind it.',
      causes: [
        'The other server or file is not reachable, or refuses the login.',
        'Names or types of the foreign table differ from those at the source.',
      ],
      actions: [
        'Check the options of server, user mapping and table (\\des+, \\deu+, \\d+ in ksql).',
        'Try the source from the machine of the server.',
      ],
    },
    zh: {
      headline: '外部表出错：服务器无法使用其背后的数据源。',
      causes: ['另一台服务器或文件无法访问，或拒绝登录。', '外部表的名称或类型与数据源不一致。'],
      actions: [
        '检查外部服务器、用户映射和表的选项（在 ksql 中执行 \\des+、\\deu+、\\d+）。',
        '从服务器所在的机器访问数据源试一试。',
      ],
    },
  },
];
