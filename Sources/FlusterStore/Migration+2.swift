extension Migration {
  /// The second format. fluster-store(5) says what the columns mean.
  ///
  /// What each user makes the store hold is kept in the transactions that change it, so that a
  /// submit can be judged by one look-up; what stands there already is counted once.
  ///
  /// Jobs from before there were trees are roots.
  ///
  /// A key is looked up when a submit names it, ended jobs included; jobs without one, nearly all,
  /// are not in the index.
  ///
  /// The same goes for the children of a job.
  ///
  /// The feed has several entries a row, found by the number of its last. Among a million entries
  /// the few about a worker itself are found by an index of the rows that have some.
  static let version2 = """
    CREATE TABLE environment_use (
      owner INTEGER NOT NULL,
      environment INTEGER NOT NULL REFERENCES environment (id),
      jobs INTEGER NOT NULL,
      PRIMARY KEY (owner, environment)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO environment_use
      SELECT owner, environment, count(*) FROM job JOIN launch ON launch.job = job.id
      GROUP BY owner, environment;

    ALTER TABLE job ADD COLUMN charged INTEGER NOT NULL DEFAULT 0;
    UPDATE job SET charged = length(CAST(name AS BLOB))
      + ifnull((SELECT length(data) FROM launch WHERE launch.job = job.id), 0);

    CREATE TABLE account (
      owner INTEGER PRIMARY KEY,
      bytes INTEGER NOT NULL
    ) STRICT;
    INSERT INTO account
      SELECT owner, sum(bytes) FROM (
        SELECT owner, charged AS bytes FROM job
        UNION ALL
        SELECT owner, \(AttemptCharge.bytes) FROM attempt JOIN job ON job.id = attempt.job
        UNION ALL
        SELECT owner, length(data)
        FROM environment_use JOIN environment ON environment.id = environment_use.environment
      ) GROUP BY owner;

    ALTER TABLE launch ADD COLUMN script INTEGER REFERENCES environment (id);
    ALTER TABLE launch ADD COLUMN entries INTEGER;
    CREATE TABLE entry (
      job INTEGER NOT NULL REFERENCES job (id),
      first INTEGER NOT NULL,
      data BLOB NOT NULL,
      PRIMARY KEY (job, first)
    ) STRICT;
    CREATE INDEX launch_script ON launch (script) WHERE script IS NOT NULL;
    ALTER TABLE job ADD COLUMN options BLOB;
    ALTER TABLE job ADD COLUMN constraints BLOB;
    ALTER TABLE job ADD COLUMN unschedulable_tasks BLOB;
    ALTER TABLE job ADD COLUMN failures BLOB;
    ALTER TABLE attempt ADD COLUMN frozen INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE attempt ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE attempt ADD COLUMN cpu_stall_us INTEGER;
    ALTER TABLE attempt ADD COLUMN memory_stall_us INTEGER;
    ALTER TABLE attempt ADD COLUMN io_stall_us INTEGER;
    ALTER TABLE attempt ADD COLUMN throttled_us INTEGER;
    ALTER TABLE attempt ADD COLUMN peak_processes INTEGER;
    ALTER TABLE job ADD COLUMN unmet INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN seen_failure INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE worker ADD COLUMN attributes BLOB;
    ALTER TABLE worker ADD COLUMN address TEXT NOT NULL DEFAULT 'localhost';
    ALTER TABLE worker ADD COLUMN lease INTEGER;
    ALTER TABLE worker ADD COLUMN drained INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE worker ADD COLUMN personal INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE worker ADD COLUMN connected INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE worker ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE worker ADD COLUMN ailment TEXT;
    ALTER TABLE job ADD COLUMN parent INTEGER;
    ALTER TABLE job ADD COLUMN parent_index INTEGER;
    ALTER TABLE job ADD COLUMN parent_attempt BLOB;
    ALTER TABLE job ADD COLUMN parent_path TEXT;
    ALTER TABLE job ADD COLUMN ancestors BLOB;
    ALTER TABLE job ADD COLUMN end_children INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE job ADD COLUMN key TEXT;
    ALTER TABLE job ADD COLUMN key_digest BLOB;
    ALTER TABLE job ADD COLUMN replaces INTEGER;
    CREATE INDEX job_key ON job (owner, key) WHERE key IS NOT NULL;
    CREATE INDEX job_parent ON job (parent) WHERE parent IS NOT NULL;

    CREATE TABLE tally (
      owner INTEGER NOT NULL,
      state INTEGER NOT NULL,
      jobs INTEGER NOT NULL,
      PRIMARY KEY (owner, state)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO tally
      SELECT owner, state, count(*) FROM job WHERE ended IS NOT NULL GROUP BY owner, state;

    CREATE TABLE feed (
      last INTEGER PRIMARY KEY,
      first INTEGER NOT NULL,
      at INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      workers INTEGER NOT NULL,
      entries BLOB NOT NULL
    ) STRICT;
    CREATE INDEX feed_workers ON feed (last) WHERE workers = 1;

    CREATE TABLE endpoint (
      attempt BLOB NOT NULL,
      name TEXT NOT NULL,
      address TEXT NOT NULL,
      metadata BLOB NOT NULL,
      PRIMARY KEY (attempt, name, address)
    ) STRICT, WITHOUT ROWID;
    """
}
