import type { Words } from './words.js';

/** A library that client libraries are known to need, and where it comes from. */
interface KnownLibrary {
  name: RegExp;
  /** Where the name does not say it. */
  what?: Words;
  remedy(bits: 32 | 64): Words;
}

/** Microsoft's redistributable packages, by the C and C++ libraries in them ("Latest supported VC++ downloads"). */
const VISUAL_C: readonly (readonly [RegExp, string])[] = [
  [/^msvc[rp]100\.dll$/i, '2010'],
  [/^msvc[rp]110\.dll$/i, '2012'],
  [/^msvc[rp]120\.dll$/i, '2013'],
  [/^(vcruntime140|msvcp140|concrt140|vccorlib140)\w*\.dll$/i, '2015–2022'],
];

function visualC([name, year]: readonly [RegExp, string]): KnownLibrary {
  return {
    name,
    what: { en: `the Visual C++ ${year} runtime`, zh: `Visual C++ ${year} 运行库` },
    remedy(bits) {
      const edition = bits === 64 ? 'x64' : 'x86';
      // That the vendor's installer brings it is from its manual; nobody here has seen the medium.
      const medium =
        year === '2013' && bits === 64
          ? {
              en: " (by the vendor's manual the KingbaseES installer has it: install\\script\\vcredist_x64.exe)",
              zh: '（据厂商手册，KingbaseES 安装程序中有 install\\script\\vcredist_x64.exe）',
            }
          : { en: '', zh: '' };
      return {
        en: `Install the "Visual C++ ${year} Redistributable" (${edition}) from Microsoft${medium.en}.`,
        zh: `安装微软的“Visual C++ ${year} Redistributable”${edition} 版${medium.zh}。`,
      };
    },
  };
}

const OPENSSL_FROM_THE_PACKAGE: Words = {
  en:
    'Copy OpenSSL (libssl and libcrypto of the version named) from the package of the client library, or from the ' +
    "server's lib or bin directory, beside it.",
  zh: '从客户端库的安装包，或服务器的 lib 或 bin 目录，把 OpenSSL（所列版本的 libssl 和 libcrypto）复制到客户端库所在目录。',
};

const KNOWN: readonly KnownLibrary[] = [
  ...VISUAL_C.map(visualC),
  {
    name: /^lib(ssl|crypto)(-[-\w]*\.dll$|\.so)|^(ssleay32|libeay32)\.dll$/i,
    remedy: () => OPENSSL_FROM_THE_PACKAGE,
  },
  {
    name: /^libstdc\+\+\.so|^libgcc_s\.so/,
    remedy: () => ({
      en: "Install the C++ runtime with the system's package manager (libstdc++6 on Debian, libstdc++ on Red Hat).",
      zh: '用系统的包管理器安装 C++ 运行库（Debian 系为 libstdc++6，Red Hat 系为 libstdc++）。',
    }),
  },
  {
    name: /^libcrypt\.so\.1$/,
    remedy: () => ({
      en: "Install libcrypt.so.1 with the system's package manager (libcrypt1 on Debian, libxcrypt-compat on Red Hat).",
      zh: '用系统的包管理器安装 libcrypt.so.1（Debian 系为 libcrypt1，Red Hat 系为 libxcrypt-compat）。',
    }),
  },
  {
    name: /^lib(gssapi_krb5|krb5|k5crypto|com_err|krb5support)\.so/,
    remedy: () => ({
      en: "Install Kerberos with the system's package manager (libgssapi-krb5-2 on Debian, krb5-libs on Red Hat).",
      zh: '用系统的包管理器安装 Kerberos（Debian 系为 libgssapi-krb5-2，Red Hat 系为 krb5-libs）。',
    }),
  },
  {
    name: /^lib(ldap|lber)[-_\w.]*\.so/,
    remedy: () => ({
      en: "Install OpenLDAP's client library, of the version that is named, with the system's package manager.",
      zh: '用系统的包管理器安装所列版本的 OpenLDAP 客户端库。',
    }),
  },
];

export function knownLibrary(name: string): KnownLibrary | undefined {
  return KNOWN.find((known) => known.name.test(name));
}
