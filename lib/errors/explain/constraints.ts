import type { Topic } from './topic.js';

export const CONSTRAINTS: readonly Topic[] = [
  {
    codes: ['23505'],
    shows: ['detail'],
    en: {
      headline: 'A row with the same key exists already: a unique constraint forbids a second one.',
      causes: [
        'The row was inserted before, perhaps by a repetition after a lost connection.',
        'Two sessions insert the same key at the same time.',
        'A sequence is behind the data, for instance after an import with keys of its own.',
      ],
      actions: [
        'Use INSERT … ON CONFLICT DO NOTHING or DO UPDATE (MERGE where that is not known).',
        'Move the sequence on: "select setval(\'<sequence>\', (select max(<column>) from <table>))".',
        'Inside of a transaction roll back to a savepoint before going on.',
      ],
    },
    zh: {
      headline: '已存在相同键值的行：违反唯一约束。',
      causes: [
        '该行此前已插入，可能是连接断开后的重复执行。',
        '两个会话同时插入相同的键值。',
        '序列落后于数据，例如导入了自带键值的数据之后。',
      ],
      actions: [
        '使用 INSERT … ON CONFLICT DO NOTHING 或 DO UPDATE（不支持时用 MERGE）。',
        "调整序列：“select setval('<序列>', (select max(<列>) from <表>))”。",
        '在事务中，须先回滚到保存点再继续。',
      ],
    },
  },
  {
    codes: ['23503', '23001'],
    shows: ['detail'],
    en: {
      headline: 'A foreign key is violated: a row would refer to one that does not exist.',
      causes: [
        'On insert or update: the row referred to is missing, or another transaction has not committed it yet.',
        'On delete or update: other rows still refer to this one.',
      ],
      actions: [
        'Insert the parent row first, in the same transaction or committed before.',
        'Delete the dependent rows first, or declare the key ON DELETE CASCADE or SET NULL.',
        'For cycles declare the constraint DEFERRABLE INITIALLY DEFERRED.',
      ],
    },
    zh: {
      headline: '违反外键约束：某行将引用不存在的行。',
      causes: [
        '插入或更新时：被引用的行不存在，或者其他事务尚未提交。',
        '删除或更新时：仍有其他行引用该行。',
      ],
      actions: [
        '先插入父表的行，放在同一事务中或先行提交。',
        '先删除引用它的行，或把外键定义为 ON DELETE CASCADE 或 SET NULL。',
        '存在循环引用时，把约束定义为 DEFERRABLE INITIALLY DEFERRED。',
      ],
    },
  },
  {
    codes: ['23502'],
    en: {
      headline: 'A column that must have a value was given NULL.',
      causes: [
        'The value is missing: null or undefined was passed, or the column was left out and has no default.',
        "An empty string is NULL: in Oracle mode ora_input_emptystr_isnull makes '' NULL.",
        'Existing rows have no value for a column that is to become NOT NULL.',
      ],
      actions: [
        'Give a value, or the column a default.',
        'See "show ora_input_emptystr_isnull"; it can be switched off for the session.',
        'Fill existing rows before ALTER TABLE … SET NOT NULL.',
      ],
    },
    zh: {
      headline: '非空列的值为 NULL，违反非空约束。',
      causes: [
        '没有值：传入了 null 或 undefined，或者省略了没有默认值的列。',
        "空字符串被当作 NULL：Oracle 模式下 ora_input_emptystr_isnull 使 '' 成为 NULL。",
        '要设为 NOT NULL 的列，已有的行没有值。',
      ],
      actions: [
        '提供值，或为该列设置默认值。',
        '查看“show ora_input_emptystr_isnull”；可在会话中关闭。',
        '先为已有的行填值，再执行 ALTER TABLE … SET NOT NULL。',
      ],
    },
  },
  {
    codes: ['23514', '44000', '44'],
    en: {
      headline:
        'A value breaks a check: a constraint of the table, a domain, a partition or a view forbids it.',
      causes: [
        'The value is outside of what the constraint allows.',
        'No partition takes the row.',
        'Through a view WITH CHECK OPTION: the row would not be visible in the view.',
      ],
      actions: [
        'See the rule: "\\d+ <table>" in ksql.',
        'Correct the value, or change the constraint; make the missing partition.',
      ],
    },
    zh: {
      headline: '值不满足检查条件：表、域、分区或视图的约束不允许该值。',
      causes: [
        '值超出约束允许的范围。',
        '没有可容纳该行的分区。',
        '通过 WITH CHECK OPTION 的视图写入，而该行在视图中不可见。',
      ],
      actions: ['查看约束：在 ksql 中执行“\\d+ <表>”。', '改正值，或修改约束；创建缺少的分区。'],
    },
  },
  {
    codes: ['23P01'],
    shows: ['detail'],
    en: {
      headline: 'The row conflicts with another one: an exclusion constraint forbids it.',
      causes: ['Periods or areas overlap that must not.'],
      actions: ['Choose other values, or change the conflicting row first.'],
    },
    zh: {
      headline: '该行与另一行冲突：违反排他约束。',
      causes: ['不允许重叠的时间段或区域发生了重叠。'],
      actions: ['改用其他值，或先修改与之冲突的行。'],
    },
  },
  {
    codes: ['23'],
    shows: ['detail', 'hint'],
    en: {
      headline: 'The change breaks an integrity constraint.',
      causes: ['A constraint or trigger of the table forbids the values.'],
      actions: ['See the constraints: "\\d <table>" in ksql, and correct the values.'],
    },
    zh: {
      headline: '该改动违反完整性约束。',
      causes: ['表的约束或触发器不允许这些值。'],
      actions: ['查看约束：在 ksql 中执行“\\d <表>”，并改正值。'],
    },
  },
];
