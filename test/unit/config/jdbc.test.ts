import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { essence, read, refusal } from './foreign-form.js';

describe('JDBC URLs', () => {
  it.each<[string, object]>([
    [
      'jdbc:kingbase8://h:5/test?user=system&password=secret&currentSchema=s',
      { hosts: 'h:5', database: 'test', user: 'system', password: 'secret', options: '-c search_path=s' },
    ],
    ['jdbc:kingbase86://h/d', { hosts: 'h:54321', database: 'd' }],
    ['jdbc:kingbase://h/d', { hosts: 'h:54321', database: 'd' }],
    ['jdbc:postgresql://h/d', { hosts: 'h:54321', database: 'd' }],
    [' JDBC:kingbase8://h/ ', { hosts: 'h:54321' }],
    ['jdbc:kingbase8://h', { hosts: 'h:54321' }],
    ['jdbc:kingbase8:', {}],
    ['jdbc:kingbase8:d', { database: 'd' }],
    ['jdbc:kingbase8:/', {}],
    ['jdbc:kingbase8:///d', { database: 'd' }],
    ['jdbc:kingbase8://h1:1,h2,[::1]:3/d', { hosts: 'h1:1,h2:54321,::1:3', database: 'd' }],
    ['jdbc:kingbase8://[fe80::1%25eth0]/d', { hosts: 'fe80::1%eth0:54321', database: 'd' }],
    [
      'jdbc:kingbase8://h/a%2Fb/c?user=%E7%94%A8&password=a%26b%3D%2B+c=d',
      { hosts: 'h:54321', database: 'a/b/c', user: '用', password: 'a&b=+ c=d' },
    ],
    ['jdbc:kingbase8:?user=a&user=b&&password', { user: 'b' }],
    ['jdbc:kingbase8:?connectTimeout=5', { connectTimeout: 5000 }],
    ['jdbc:kingbase8:?socketTimeout=60', { timeout: 60_000 }],
    ['jdbc:kingbase8:?connectTimeout=5&loginTimeout=7', { connectTimeout: 7000 }],
    ['jdbc:kingbase8:?loginTimeout=0&connectTimeout=5', { connectTimeout: 5000 }],
    ['jdbc:kingbase8:?socketTimeout=0&preferQueryMode=extendedForPrepared&stringtype=unspecified', {}],
    ['jdbc:kingbase8:?ApplicationName=a+b&clientEncoding=UTF-8', { applicationName: 'a b' }],
    ['jdbc:kingbase8:?tcpKeepAlive=true', { keepalives: '1' }],
    ['jdbc:kingbase8:?targetServerType=any', { target_session_attrs: 'any' }],
    ['jdbc:kingbase8:?targetServerType=primary', { target_session_attrs: 'read-write' }],
    ['jdbc:kingbase8:?targetServerType=master', { target_session_attrs: 'read-write' }],
    ['jdbc:kingbase8:?targetServerType=slave', { target_session_attrs: 'read-only' }],
    ['jdbc:kingbase8:?targetServerType=preferSecondary', { target_session_attrs: 'prefer-standby' }],
    ['jdbc:kingbase8:?loadBalanceHosts=false&USEDISPATCH=false&autosave=never&SLAVE_ADD=a&nodeList=x,y', {}],
    [
      'jdbc:kingbase8://h:5/d?USEDISPATCH=true&SLAVE_ADD=a,b&SLAVE_PORT=6,7&nodeList=x,y,z&HOSTLOADRATE=30&MONITORINTERVAL=2',
      {
        hosts: 'h:5,a:6,b:7',
        database: 'd',
        cluster: { automatic: true, primaryShare: 0.3, recheckInterval: 2000 },
      },
    ],
    [
      'jdbc:kingbase8://h,i/d?USEDISPATCH=true&TransactionDispatchStrategy=1&readListStrategy=1',
      { hosts: 'h:54321,i:54321', database: 'd', cluster: { automatic: true } },
    ],
    ['jdbc:kingbase8:?prepareThreshold=5', {}],
    ['jdbc:kingbase8:?prepareThreshold=0&preparedStatementCacheQueries=9', { statementCacheSize: 0 }],
    ['jdbc:kingbase8:?preparedStatementCacheQueries=9', { statementCacheSize: 9 }],
    ['jdbc:kingbase8:?ssl=true', { sslmode: 'verify-full' }],
    ['jdbc:kingbase8:?ssl', { sslmode: 'verify-full' }],
    ['jdbc:kingbase8:?ssl=false', {}],
    ['jdbc:kingbase8:?ssl=true&sslmode=require', { sslmode: 'require' }],
    ['jdbc:kingbase8:?sslfactory=com.kingbase8.ssl.NonValidatingFactory&ssl=true', { sslmode: 'require' }],
    ['jdbc:kingbase8:?sslmode=verify-ca&sslfactory=com.kingbase8.ssl.LibPQFactory', { sslmode: 'verify-ca' }],
    [
      'jdbc:kingbase8:?sslcert=/c&sslkey=/k&sslrootcert=/r&sslpassword=p',
      { sslcert: '/c', sslkey: '/k', sslrootcert: '/r', sslpassword: 'p' },
    ],
    [
      'jdbc:kingbase8:?initParams=search_path=a,b;lock_timeout=5,x.y=%20z%20&options=-c%20a=b&readOnly=true',
      {
        options: '-c a=b -c search_path=a,b -c lock_timeout=5 -c x.y=z -c default_transaction_read_only=on',
      },
    ],
    ['jdbc:kingbase8://x:1/y?HOST=h&PORT=5&DBNAME=d', { hosts: 'h:5', database: 'd' }],
    ['jdbc:kingbase8:?reWriteBatchedInserts=true&loggerLevel=DEBUG&assumeMinServerVersion=12.1', {}],
  ])('%s', (url, expected) => {
    expect(essence(url)).toEqual(expected);
  });

  it.each([
    ['jdbc:mysql://h/d?password=s3cret', /must begin with "jdbc:kingbase8:"/],
    ['jdbc:kingbase8//h/s3cret', /must begin with/],
    ['jdbc:kingbase8://u:s3cret@h/d', /no user and password before the host/],
    ['jdbc:kingbase8://u:12/s3cret@h/d', /no user and password before the host/],
    ['jdbc:kingbase8://u:s3cret/d', /host or port that cannot be read/],
    ['jdbc:kingbase8://h/d?password=s3cret%', /"%" that begins no character/],
    ['jdbc:kingbase8:?password=a&s3cret', /^The key number 2 of the JDBC URL is not known/],
    ['jdbc:kingbase8://h/a?s3cret&ssl=true', /^The key number 1 of the JDBC URL is not known/],
    ['jdbc:kingbase8:?password=a&s3cret=b', /^The key number 2 /],
    ['jdbc:kingbase8:?Password=s3cret', /^Unknown key "Password" in the JDBC URL; did you mean "password"\?/],
    ['jdbc:kingbase8:?curentSchema=s', /did you mean "currentSchema"\?/],
    ['jdbc:kingbase8:?productName=MySQL', /^Unknown key "productName"/],
    ['jdbc:kingbase8:?socketTimeout=-1', /"socketTimeout" .*must be a number of seconds/],
    ['jdbc:kingbase8:?USEDISPATCH=s3cret', /"USEDISPATCH" .*must be true or false/],
    ['jdbc:kingbase8:?USEDISPATCH=true&SLAVE_ADD=s3cret', /"SLAVE_ADD" .*needs a host/],
    ['jdbc:kingbase8://h/d?USEDISPATCH=true&SLAVE_ADD=a,b&SLAVE_PORT=1', /"SLAVE_PORT" .*as many entries/],
    ['jdbc:kingbase8://h/d?USEDISPATCH=true&HOSTLOADRATE=101', /"HOSTLOADRATE" .*from 0 to 100/],
    ['jdbc:kingbase8:?TransactionDispatchStrategy=2', /db\.readOnly\.transaction\(\)/],
    ['jdbc:kingbase8:?readListStrategy=2', /cluster\.consistency/],
    ['jdbc:kingbase8:?WhiteList=f', /consistency: 'primary'/],
    ['jdbc:kingbase8:?ConfigurePath=/x', /"ConfigurePath" .*no file is read/],
    ['jdbc:kingbase8:?passwordEncryption=base64', /"passwordEncryption" .*the password itself/],
    ['jdbc:kingbase8:?preferQueryMode=simple', /"preferQueryMode".*never made part of the text/],
    ['jdbc:kingbase8:?autosave=always', /savepoint/],
    ['jdbc:kingbase8:?targetServerType=s3cret', /must be one of any, primary/],
    ['jdbc:kingbase8:?loadBalanceHosts=true', /order given/],
    ['jdbc:kingbase8:?sslfactory=com.example.s3cret', /Java class/],
    ['jdbc:kingbase8:?sslmode=verify-full&sslfactory=a.NonValidatingFactory', /contradicts/],
    ['jdbc:kingbase8:?ssl=s3cret', /"ssl" .*true or false/],
    ['jdbc:kingbase8:?sslpasswordcallback=x', /Java class/],
    ['jdbc:kingbase8:?initParams=s3cret', /"initParams" .*name=value/],
    ['jdbc:kingbase8:?initParams=a%20b=s3cret', /"initParams" .*name=value/],
    ['jdbc:kingbase8:?loginTimeout=s3cret', /"loginTimeout" .*seconds/],
    ['jdbc:kingbase8:?prepareThreshold=s3cret', /"prepareThreshold" .*whole number/],
    ['jdbc:kingbase8:?gssEncMode=s3cret', /"gssencmode" cannot be what was given/],
    ['jdbc:kingbase8:?replication=database', /"replication"/],
  ])('%s is refused without quoting it', (url, message) => {
    expect(refusal(url)).toMatch(message);
    expect(refusal(url)).not.toContain('s3cret');
  });

  it('round-trip whatever is percent-encoded', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((s) => !s.includes('\0'));
    const special = fc.array(fc.constantFrom('&', '%', '+', ' ', '=', '?', '/', '@', '#', '%41', 'a'), {
      minLength: 1,
    });
    const value = fc.oneof(
      text,
      special.map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(value, value, value, (user, password, database) => {
        const [u, p, d] = [user, password, database].map(encodeURIComponent);
        const config = read(`jdbc:kingbase8://h/${d}?user=${u}&password=${p}`);
        expect({ ...config, password: config.password }).toMatchObject({ user, password, database });
      }),
    );
  });
});
