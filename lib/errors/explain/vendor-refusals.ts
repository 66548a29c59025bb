import type { Topic } from './topic.js';

/**
 * Refusals that only KingbaseES knows. Which SQLSTATEs they carry is not published, so the text decides, in every
 * class that can end a login. Class 42 is left out: its messages quote names, which can be any text.
 */
const REFUSALS = ['28', '55', '57', '58', '08', 'F0', 'XX', 'KB_CONNECT_FAILED', 'KB_CONNECT_AUTH'];

export const VENDOR_REFUSALS: readonly Topic[] = [
  {
    codes: REFUSALS,
    text: {
      en: /password (has |is )?expired|has an expired password/i,
      zh: /(密码|口令)(已经?)?(过期|失效)/,
    },
    en: {
      headline: "The user's password has expired.",
      causes: [
        'The plug-in identity_pwdexp is loaded and the password is older than password_change_interval (days).',
        'The user was given an end date (VALID UNTIL), and it has passed.',
      ],
      actions: [
        'Set a new password as a user that may: "ALTER USER <user> PASSWORD …".',
        'The security officer (sso) can move the date: "ALTER USER <user> VALID UNTIL …".',
        'For accounts of programs agree on who renews the password, and when.',
      ],
    },
    zh: {
      headline: '该用户的密码已过期。',
      causes: [
        '启用了 identity_pwdexp 插件，密码使用时间超过 password_change_interval（天）。',
        '为用户设置的有效期（VALID UNTIL）已过。',
      ],
      actions: [
        '由有权限的用户设置新密码：“ALTER USER <用户> PASSWORD …”。',
        '安全管理员（sso）可以修改有效期：“ALTER USER <用户> VALID UNTIL …”。',
        '对程序使用的账户，应约定由谁、在何时更换密码。',
      ],
    },
  },
  {
    codes: REFUSALS,
    text: {
      en: /(user|account|role) "[^"]*" (is|has been) locked/i,
      zh: /(用户|帐户|账户|帐号|账号|角色).{0,80}(被|已)(锁定|封锁)/,
    },
    en: {
      headline: 'The user is locked.',
      causes: [
        'Too many failed logins: the plug-in sys_audlog locks after error_user_connect_times of them.',
        'Another program keeps trying with an old password.',
        'An administrator locked the user.',
      ],
      actions: [
        'First stop or correct whatever logs in with the wrong password.',
        'The security officer (sso) unlocks: "ALTER USER <user> WITH LOGIN".',
        'Or wait: with sys_audlog.error_user_connect_interval set, the lock ends after so many minutes.',
      ],
    },
    zh: {
      headline: '该用户已被锁定。',
      causes: [
        '登录失败次数过多：sys_audlog 插件在达到 error_user_connect_times 次后锁定用户。',
        '其他程序一直在用旧密码尝试登录。',
        '管理员锁定了该用户。',
      ],
      actions: [
        '首先停止或改正用错误密码登录的程序。',
        '由安全管理员（sso）解锁：“ALTER USER <用户> WITH LOGIN”。',
        '或者等待：若设置了 sys_audlog.error_user_connect_interval，到时（分钟）会自动解锁。',
      ],
    },
  },
  {
    codes: REFUSALS,
    text: { en: /intrusion detection/i, zh: /审计入侵检测|入侵检测达到上限/ },
    en: {
      headline: 'The intrusion detection of the audit ended or refused the session.',
      causes: [
        'The address or the time of the login is outside of what the audit rules allow.',
        'The limit of suspicious events was reached, also by other programs of this user.',
      ],
      actions: [
        'Ask the audit administrator (sao) which rule was hit, and whether the address can be allowed.',
        'Uncertain: how long the refusal lasts depends on the configuration; the server log has the event.',
      ],
    },
    zh: {
      headline: '审计入侵检测断开或拒绝了该会话。',
      causes: [
        '登录的 IP 地址或时间不在审计规则允许的范围内。',
        '可疑事件达到上限，也可能由该用户的其他程序引起。',
      ],
      actions: [
        '联系审计管理员（sao），确认触发了哪条规则，以及能否放行该地址。',
        '不确定：拒绝持续多久取决于配置；服务器日志中有该事件的记录。',
      ],
    },
  },
  {
    codes: [...REFUSALS, 'KB_CONNECT_LOST'],
    text: {
      en: /licen[sc]e.{0,40}(expire|invalid|not valid|match|exceed|not found|limit)/i,
      zh: /(licen[sc]e|许可证|授权文件|授权许可).{0,40}(过期|到期|失效|无效|匹配|超出|超过|不存在|上限)/i,
    },
    en: {
      headline:
        "The server's licence seems not to be valid (recognised by the text alone, which is not documented).",
      causes: [
        'The licence has expired; trial licences run for a limited number of days.',
        'The licence is for another machine, edition or number of connections.',
        'The file license.dat is missing or cannot be read by the server.',
      ],
      actions: [
        'On the server: "select get_license_validdays()" gives the days left (-2: no limit).',
        'Put a valid license.dat in its place, and reload with "select sys_reload_conf()" or restart the server.',
        'Check the clock of the server, and ask the vendor for a licence.',
      ],
    },
    zh: {
      headline: '服务器的许可证（license）似乎无效（仅凭文字判断，官方文档没有说明）。',
      causes: [
        '许可证已过期；试用许可证有天数限制。',
        '许可证属于其他机器、其他版本，或超出允许的连接数。',
        'license.dat 文件缺失，或服务器无法读取。',
      ],
      actions: [
        '在服务器上执行“select get_license_validdays()”查看剩余天数（-2 表示永久）。',
        '放置有效的 license.dat，然后执行“select sys_reload_conf()”重新加载，或重启服务器。',
        '检查服务器的时钟，并向厂商申请许可证。',
      ],
    },
  },
];
