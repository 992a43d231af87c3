-- A ledger of schema 6: the harbour of the tests, by its own Andon. Never edited.
PRAGMA application_id = 1095648335;
PRAGMA user_version = 6;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'ledger','0001_ledger','2026-11-27 02:14:00.496596+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'ledger','0002_breakers','2026-11-27 02:14:00.498566+00:00');
INSERT INTO "_sqlite_migrations" VALUES(3,'ledger','0003_pulls','2026-11-27 02:14:00.499719+00:00');
INSERT INTO "_sqlite_migrations" VALUES(4,'ledger','0004_attempts','2026-11-27 02:14:00.500205+00:00');
INSERT INTO "_sqlite_migrations" VALUES(5,'ledger','0005_outbox','2026-11-27 02:14:00.514877+00:00');
INSERT INTO "_sqlite_migrations" VALUES(6,'ledger','0006_spending','2026-11-27 02:14:00.521154+00:00');
CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  figure TEXT NOT NULL,
  most TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  cleared_at TEXT,
  cleared_figure TEXT,
  CHECK ((cleared_at IS NULL) = (cleared_figure IS NULL))
) STRICT;
CREATE TABLE arrivals (
  source TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  applied INTEGER NOT NULL,
  PRIMARY KEY (source, aggregate)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempts (
  case_id TEXT PRIMARY KEY,
  passes INTEGER NOT NULL CHECK (passes >= 0),
  tries INTEGER NOT NULL CHECK (tries > 0)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  prev_hash TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO "audit" VALUES(1,'sha256:0000000000000000000000000000000000000000000000000000000000000000','sha256:7e5e00b3571a2eb659012deaba18d8837789c6e8448ce26169098b867140f4b7','{"claims":[["+","berth/B1",1777874400000000,1777960800000000,"visit/V-1",0,"seed"],["+","berth/B2",1777892400000000,1777906800000000,"sounding/S-1",0,"seed"]],"floor":"harbour","records":8,"rows":{"writes":{"berth/B1@0":"df02732dc4e5e2f3a6158478","berth/B2@0":"0d418e8dd073044c4fc942e8","berth/B3@0":"e0c57541d532fbfd918cbe90","pilot/P1@0":"e8ba841420d004b06fa449cd","pilot/P2@0":"47b2fee31e2333c5ad26e276","sounding/S-1@0":"464bbd4a6e20f84184bce770","visit/V-1@0":"7af98df7b4b5e3c41ab34a61","visit/V-2@0":"1c68075f096508f3a0acbe09"}},"what":"seed"}');
INSERT INTO "audit" VALUES(2,'sha256:7e5e00b3571a2eb659012deaba18d8837789c6e8448ce26169098b867140f4b7','sha256:bba005152356544ed1f16ad916afc5065c90c6a2a38fb1fb88d7480ad66a6591','{"agents":{"berthing":{"can":["assign_berth","shift_visit"],"hash":"sha256:e75227f895ef7cdced79574a36866e21038dfd33a1a78125981f8315dbb8840e","level":3,"mode":"active","owns":["berth","visit"]},"fairway":{"can":["book_pilot","book_sounding"],"hash":"sha256:51cffd60b7782f541baf51a0db705f91735a8c622d6b7c78959777b8cf9a6284","level":4,"mode":"active","owns":["passage","pilot","sounding"]}},"limits":{"answers_per_exchange":3,"attempts":3,"causal_depth":6,"open_escalations":5,"per_agent":{"tokens":null,"usd":null,"wall_s":null},"per_case":{"tokens":null,"usd":null,"wall_s":null},"per_day":{"tokens":null,"usd":null,"wall_s":null},"proposals":20,"rereads":3,"rounds":8},"people":{"a.vos":["harbour_master"],"j.smit":["pilot_master"],"k.maes":["berth_master"]},"registry":"sha256:68910f783c68947429ed998c31bd74a4337954ba77d2ef595d8107d1df487fa2","what":"registry"}');
INSERT INTO "audit" VALUES(3,'sha256:bba005152356544ed1f16ad916afc5065c90c6a2a38fb1fb88d7480ad66a6591','sha256:d9ceb66c2bc03a8b30ec9bc732acb52d6e06e54697de7407cbf7a3efbd36a58f','{"case":"case_q2w337qpbidtfr3j","decisions":[],"escalations":[],"pass":1,"registry":"sha256:68910f783c68947429ed998c31bd74a4337954ba77d2ef595d8107d1df487fa2","route":"reply","rows":{"cases":{"case_q2w337qpbidtfr3j":"ea6e5e34ccdc921d81e705f8"},"events":{"evt_3xscan3li7u6sc52":"91a5a86aba7e8ab3cb28b24e","evt_tzge5gpyqvf5a5yw":"c95af7be5a818ac3b0de040f"}},"verdicts":[],"what":"pass","writes":[]}');
INSERT INTO "audit" VALUES(4,'sha256:d9ceb66c2bc03a8b30ec9bc732acb52d6e06e54697de7407cbf7a3efbd36a58f','sha256:a132aae95a631d736523f02ee0745e87b236e7df8ccdba9664e9e5dc4e6f1871','{"case":"case_27j3u2e2qb5vtgyk","decisions":[],"escalations":["esc_ysurwy2zc7x52l5v"],"pass":1,"registry":"sha256:68910f783c68947429ed998c31bd74a4337954ba77d2ef595d8107d1df487fa2","route":"escalate","rows":{"cases":{"case_27j3u2e2qb5vtgyk":"60e88b2a0276810ae5b428ed"},"escalations":{"esc_ysurwy2zc7x52l5v":"efb0d1426cf4d39a16ab849a"},"events":{"evt_nsdjlkdctpdsxbcq":"75baaa106468b46cdb193a49","evt_sys3psolm6vaeu2e":"c2803afea5c539b08f89397f","evt_va36mtivsc4fzb4e":"387b49c4a6986a7e63f44792"}},"verdicts":[["case_27j3u2e2qb5vtgyk/1/berthing/0","shift_visit","escalated","shift_visit","sha256:ea73e72b02b69c67b29c5b44c10604fdece93e0e62012e907a5d550069b030b0"]],"what":"pass","writes":[]}');
INSERT INTO "audit" VALUES(5,'sha256:a132aae95a631d736523f02ee0745e87b236e7df8ccdba9664e9e5dc4e6f1871','sha256:32b2427df1845bbf6d593a4c23c963d8b18eff6ca2bb31fd37e6e51bd1ecd1b2','{"at":"2026-05-04T04:00:00Z","by":"a.vos","pull":1,"reason":"fog","role":"harbour_master","rows":{"events":{"evt_ccr7smmlic7klilv":"2b2c036596eb49b05d3ba005"}},"scope":"berthing","what":"pull.set"}');
INSERT INTO "audit" VALUES(6,'sha256:32b2427df1845bbf6d593a4c23c963d8b18eff6ca2bb31fd37e6e51bd1ecd1b2','sha256:6676f9fb8d44416b3698d81195c7fcdbddc8dfaf1be53ed6ba40f3fa6657e17a','{"case":"case_2mxjk3p5y5pbwvhd","decisions":[],"escalations":["esc_hw7epywiththz5l6"],"pass":1,"registry":"sha256:68910f783c68947429ed998c31bd74a4337954ba77d2ef595d8107d1df487fa2","route":"escalate","rows":{"cases":{"case_2mxjk3p5y5pbwvhd":"af5f0c878ade991d3274584f"},"escalations":{"esc_hw7epywiththz5l6":"f72339d27503578e8401643b"},"events":{"evt_4hqz4m4pgfj3ghju":"540377d6e5e3815b3f76ee81","evt_6inbsweagmfivmvs":"ad567bcdf46dbf1854f3b27c","evt_fzcto2w5u5npcge5":"d7fb3d1965a7f49062b72817"}},"verdicts":[["case_2mxjk3p5y5pbwvhd/1/berthing/0","assign_berth","escalated","pulled","sha256:d14b671a6bad876dfc018098493158439afb5ab3a18966d990497f1b756174cf"]],"what":"pass","writes":[]}');
INSERT INTO "audit" VALUES(7,'sha256:6676f9fb8d44416b3698d81195c7fcdbddc8dfaf1be53ed6ba40f3fa6657e17a','sha256:97bb50e7d31874f923241eeba634c746712fd094915aa2bd503a8d3dfed102a8','{"at":"2026-05-04T04:00:00Z","by":"a.vos","pull":1,"reason":"clear","role":"harbour_master","rows":{"events":{"evt_ge6qnqe5xmiwuss2":"a449a63f42cb35a822637833"}},"scope":"berthing","stood_s":0,"what":"pull.released"}');
INSERT INTO "audit" VALUES(8,'sha256:97bb50e7d31874f923241eeba634c746712fd094915aa2bd503a8d3dfed102a8','sha256:28dd7314556e5698d21e3735876e8248ec1d48c59386af011a8124c6e4283623','{"fact":"fact_27xsllxt2yttiufo","rows":{"cases":{"case_63yykr2gzioyfhlw":"3970cd735d5e6ef7458f531c"},"events":{"evt_664rqbslo6nhojsn":"9ea3aeeea6cc1060b34a9b4c","evt_hekjnfq2adcdwhlg":"a31045facb7edee11e7b51c7"},"inbox":{"4":"579ffc478a811036669c8d30"},"writes":{"visit/V-3@0":"622d6ed55d9c0006a4cf7b8d"}},"type":"ship.announced","what":"fact","writes":[["visit/V-3",0]]}');
CREATE TABLE balances (
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  field TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (typeof(value) = 'integer'),
  PRIMARY KEY (type, key, field),
  FOREIGN KEY (type, key) REFERENCES resources (type, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "balances" VALUES('berth','B1','power_kw',2000);
INSERT INTO "balances" VALUES('berth','B2','power_kw',800);
INSERT INTO "balances" VALUES('berth','B3','power_kw',400);
CREATE TABLE breakers (
  name TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  outcomes TEXT NOT NULL,
  since_s REAL,
  opened_s REAL,
  probe_call TEXT,
  probe_until_s REAL,
  cause TEXT NOT NULL,
  tripped_by TEXT,
  version INTEGER NOT NULL CHECK (version > 0),
  CHECK ((state = 'closed') = (opened_s IS NULL)),
  CHECK ((state = 'half_open') = (probe_call IS NOT NULL)),
  CHECK ((probe_call IS NULL) = (probe_until_s IS NULL)),
  CHECK (tripped_by IS NULL OR state = 'open')
) STRICT, WITHOUT ROWID;
CREATE TABLE cases (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE REFERENCES inbox (seq),
  origin TEXT NOT NULL CHECK (origin IN ('text', 'fact', 'event', 'feed')),
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  session TEXT,
  person TEXT,
  text TEXT,
  event TEXT,
  cause TEXT,
  depth INTEGER NOT NULL CHECK (depth >= 0),
  status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'done', 'refused', 'failed')),
  runnable INTEGER NOT NULL CHECK (runnable IN (0, 1)),
  position TEXT NOT NULL,
  passes INTEGER NOT NULL CHECK (passes >= 0),
  rounds INTEGER NOT NULL CHECK (rounds >= 0),
  reply TEXT NOT NULL,
  code TEXT,
  clarify INTEGER NOT NULL CHECK (clarify IN (0, 1)),
  ended_at TEXT,
  fingerprint TEXT NOT NULL,
  duration_ms INTEGER CHECK (duration_ms >= 0)
) STRICT;
INSERT INTO "cases" VALUES('case_q2w337qpbidtfr3j',1,'text','line','1','2026-05-04T04:00:00Z',NULL,'guest','Where is V-1?',NULL,NULL,0,'done',0,'{"active":{},"cuts":0,"errors":[],"exchanges":{},"exhausted":null,"outcomes":{},"proposals":0,"rereads":{},"round":1,"said":{"berthing":{"clarify":false,"code":null,"text":"Aurora has B1 until 2026-05-05T06:00:00Z."}},"waiting":{}}',1,1,'Aurora has B1 until 2026-05-05T06:00:00Z.',NULL,0,'2026-05-04T04:00:00Z','sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2',270);
INSERT INTO "cases" VALUES('case_27j3u2e2qb5vtgyk',2,'text','line','2','2026-05-04T04:00:00Z',NULL,'guest','Move V-1 to B2 from 2026-05-06 08:00',NULL,NULL,0,'waiting',0,'{"active":{},"cuts":0,"errors":[],"exchanges":{},"exhausted":null,"outcomes":{"case_27j3u2e2qb5vtgyk/1/berthing/0":["escalated","shift_visit"]},"proposals":1,"rereads":{},"round":1,"said":{},"waiting":{"esc_ysurwy2zc7x52l5v":{"age":1,"agent":"berthing","exchange":null,"key":"case_27j3u2e2qb5vtgyk/1/berthing/0","kind":"shift_visit","level":3,"ordinal":0,"params":{"berth":"B2","start":"2026-05-06T06:00:00Z","visit":"V-1"},"reads":{"berth/B2":0,"visit/V-1":0},"round":1}}}',1,1,'a person decides: Shift V-1 to B2 from 2026-05-06T06:00:00Z [shift_visit]: berth_master is asked: shift_visit needs the signature of berth_master
Waiting for berth_master until Mon 2026-05-04 06:15 CEST: Shift V-1 to B2 from 2026-05-06T06:00:00Z (esc_ysurwy2zc7x52l5v)',NULL,0,NULL,'sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2',133);
INSERT INTO "cases" VALUES('case_2mxjk3p5y5pbwvhd',3,'text','line','3','2026-05-04T04:00:00Z',NULL,'guest','Lay V-2 at B3 from 2026-05-04 12:00',NULL,NULL,0,'waiting',0,'{"active":{},"cuts":0,"errors":[],"exchanges":{},"exhausted":null,"outcomes":{"case_2mxjk3p5y5pbwvhd/1/berthing/0":["escalated","pulled"]},"proposals":1,"rereads":{},"round":1,"said":{},"waiting":{"esc_hw7epywiththz5l6":{"age":1,"agent":"berthing","exchange":null,"key":"case_2mxjk3p5y5pbwvhd/1/berthing/0","kind":"assign_berth","level":3,"ordinal":0,"params":{"berth":"B3","start":"2026-05-04T10:00:00Z","visit":"V-2"},"reads":{"berth/B3":0,"visit/V-2":0},"round":1}}}',1,1,'a person decides: Berth V-2 at B3 from 2026-05-04T10:00:00Z [pulled]: berth_master is asked: berthing is pulled
Waiting for berth_master until Mon 2026-05-04 06:15 CEST: berthing is pulled, and berthing wants: Berth V-2 at B3 from 2026-05-04T10:00:00Z. Pulled by a.vos (harbour_master) since Mon 2026-05-04 06:00 CEST: fog (esc_hw7epywiththz5l6)',NULL,0,NULL,'sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2',87);
INSERT INTO "cases" VALUES('case_63yykr2gzioyfhlw',4,'fact','radio','1','2026-05-04T04:00:00Z',NULL,NULL,NULL,'evt_hekjnfq2adcdwhlg',NULL,0,'open',1,'{"active":{"berthing":[{"data":{"arrives":"2026-05-04T10:00:00Z","draught_dm":90,"hours":6,"length_m":200,"power_kw":500,"promised":false,"ship":"Castor","visit":"V-3"},"event":"ship.announced","id":"evt_hekjnfq2adcdwhlg","occurred":"2026-05-04T04:00:00Z","subject":"visit/V-3","type":"event"}],"fairway":[{"data":{"arrives":"2026-05-04T10:00:00Z","draught_dm":90,"hours":6,"length_m":200,"power_kw":500,"promised":false,"ship":"Castor","visit":"V-3"},"event":"ship.announced","id":"evt_hekjnfq2adcdwhlg","occurred":"2026-05-04T04:00:00Z","subject":"visit/V-3","type":"event"}]},"cuts":0,"errors":[],"exchanges":{},"exhausted":null,"outcomes":{},"proposals":0,"rereads":{},"round":1,"said":{},"waiting":{}}',0,0,'',NULL,0,NULL,'sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2',NULL);
CREATE TABLE claims (
  seq INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  holder_type TEXT NOT NULL,
  holder_key TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  cause TEXT NOT NULL,
  CHECK (end_us > start_us)
) STRICT;
INSERT INTO "claims" VALUES(1,'berth/B1',1777874400000000,1777960800000000,'visit','V-1',0,'seed');
INSERT INTO "claims" VALUES(2,'berth/B2',1777892400000000,1777906800000000,'sounding','S-1',0,'seed');
CREATE TABLE commits (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  case_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  result TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
  at TEXT NOT NULL,
  approval TEXT UNIQUE
) STRICT;
CREATE TABLE dead_letters (
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  body TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (source, source_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY,
  escalation TEXT NOT NULL REFERENCES escalations (id),
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  meaning TEXT NOT NULL,
  decision TEXT NOT NULL,
  at TEXT NOT NULL,
  action_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  option INTEGER CHECK (option >= 0),
  text TEXT NOT NULL,
  channel TEXT NOT NULL,
  spent INTEGER NOT NULL CHECK (spent IN (0, 1)),
  UNIQUE (escalation, person)
) STRICT;
CREATE TABLE deliveries (
  receiver TEXT NOT NULL REFERENCES receivers (name),
  event_seq INTEGER NOT NULL REFERENCES events (seq),
  subject TEXT NOT NULL,
  subject_seq INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'dead', 'skipped')),
  attempts INTEGER NOT NULL,
  claims INTEGER NOT NULL,
  next_s REAL,
  sent_s REAL,
  error TEXT,
  PRIMARY KEY (receiver, event_seq),
  UNIQUE (receiver, subject, subject_seq),
  CHECK (next_s IS NULL OR state = 'pending')
) STRICT, WITHOUT ROWID;
CREATE TABLE escalations (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  case_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('approval', 'question')),
  state TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  kind TEXT,
  action_hash TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  due_at TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
INSERT INTO "escalations" VALUES(1,'esc_ysurwy2zc7x52l5v','case_27j3u2e2qb5vtgyk','approval','pending',0,'shift_visit','sha256:ea73e72b02b69c67b29c5b44c10604fdece93e0e62012e907a5d550069b030b0','2026-05-04T04:00:00Z','2026-05-04T04:15:00Z','{"action":{"kind":"shift_visit","params":{"berth":"B2","start":"2026-05-06T06:00:00Z","visit":"V-1"}},"action_hash":"sha256:ea73e72b02b69c67b29c5b44c10604fdece93e0e62012e907a5d550069b030b0","agent":"berthing","allow_text":false,"asker":"guest","bound":{"berth/B1":0,"berth/B2":0,"visit/V-1":0},"case":"case_27j3u2e2qb5vtgyk","diff":[{"field":"berth","now":"B2","ref":"visit/V-1","was":"B1"},{"field":"start","now":"2026-05-06T06:00:00Z","ref":"visit/V-1","was":"2026-05-04T06:00:00Z"},{"field":"end","now":"2026-05-07T06:00:00Z","ref":"visit/V-1","was":"2026-05-05T06:00:00Z"},{"field":"power_kw","now":500,"ref":"berth/B2","was":800},{"field":"power_kw","now":2300,"ref":"berth/B1","was":2000}],"due_at":"2026-05-04T04:15:00Z","expires_at":"2026-05-05T04:00:00Z","id":"esc_ysurwy2zc7x52l5v","key":"case_27j3u2e2qb5vtgyk/1/berthing/0","ladder":[{"answer_s":900,"role":"berth_master"},{"answer_s":1800,"role":"harbour_master"}],"level":3,"lineage":"1a38c6720befc8329f74fad587646cfd","manifest_hash":"sha256:e75227f895ef7cdced79574a36866e21038dfd33a1a78125981f8315dbb8840e","meaning":"approval","on_exhausted":"reject","options":[],"policy":"shift_visit","quorum":1,"reason":"shift_visit needs the signature of berth_master","requested_at":"2026-05-04T04:00:00Z","role":"berth_master","rung":0,"separate":false,"shown":{"berth/B1":{"depth_dm":140,"length_m":300,"power_kw":2000},"berth/B2":{"depth_dm":110,"length_m":220,"power_kw":800},"visit/V-1":{"arrives":"2026-05-04T06:00:00Z","berth":"B1","draught_dm":70,"end":"2026-05-05T06:00:00Z","hours":24,"length_m":170,"power_kw":300,"promised":true,"ship":"Aurora","start":"2026-05-04T06:00:00Z"}},"summary":"Shift V-1 to B2 from 2026-05-06T06:00:00Z","superseded_by":null,"type":"approval"}');
INSERT INTO "escalations" VALUES(2,'esc_hw7epywiththz5l6','case_2mxjk3p5y5pbwvhd','question','pending',0,NULL,'sha256:8cf2279eaca46c30db7cb4a880dfb46eac9f0a6b3e90f0a07b9d243696f3d97d','2026-05-04T04:00:00Z','2026-05-04T04:15:00Z','{"action":null,"action_hash":"sha256:8cf2279eaca46c30db7cb4a880dfb46eac9f0a6b3e90f0a07b9d243696f3d97d","agent":"berthing","allow_text":false,"asker":"guest","bound":{"berth/B3":0,"visit/V-2":0},"case":"case_2mxjk3p5y5pbwvhd","diff":[],"due_at":"2026-05-04T04:15:00Z","expires_at":"2026-05-04T04:30:00Z","id":"esc_hw7epywiththz5l6","key":"case_2mxjk3p5y5pbwvhd/1/berthing/0","ladder":[{"answer_s":900,"role":"berth_master"},{"answer_s":900,"role":"harbour_master"}],"level":0,"lineage":"1a38c6720befc8329f74fad587646cfd","manifest_hash":"sha256:ace2e42f72dc20ab0f337e123a1c6977616a479b9264aae513cfebf80c1aa8ad","meaning":"approval","on_exhausted":"hold","options":[{"action":{"kind":"assign_berth","params":{"berth":"B3","start":"2026-05-04T10:00:00Z","visit":"V-2"}},"item":{"age":1,"agent":"berthing","exchange":null,"key":"case_2mxjk3p5y5pbwvhd/1/berthing/0","kind":"assign_berth","level":3,"ordinal":0,"params":{"berth":"B3","start":"2026-05-04T10:00:00Z","visit":"V-2"},"reads":{"berth/B3":0,"visit/V-2":0},"round":1},"title":"Berth V-2 at B3 from 2026-05-04T10:00:00Z"},{"action":null,"item":null,"title":"leave as it is"}],"policy":"pulled","quorum":1,"reason":"pulled","requested_at":"2026-05-04T04:00:00Z","role":"berth_master","rung":0,"separate":false,"shown":{"berth/B3":{"depth_dm":80,"length_m":180,"power_kw":400},"question":"berthing is pulled, and berthing wants: Berth V-2 at B3 from 2026-05-04T10:00:00Z. Pulled by a.vos (harbour_master) since Mon 2026-05-04 06:00 CEST: fog","visit/V-2":{"arrives":"2026-05-04T10:00:00Z","draught_dm":60,"hours":6,"length_m":150,"power_kw":100,"promised":false,"ship":"Bolder"}},"summary":"berthing is pulled, and berthing wants: Berth V-2 at B3 from 2026-05-04T10:00:00Z. Pulled by a.vos (harbour_master) since Mon 2026-05-04 06:00 CEST: fog","superseded_by":null,"type":"question"}');
CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  occurred TEXT NOT NULL,
  recorded TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT NOT NULL,
  case_id TEXT,
  agent TEXT,
  lane TEXT,
  cause TEXT,
  depth INTEGER NOT NULL CHECK (depth >= 0)
) STRICT;
INSERT INTO "events" VALUES(1,'evt_pie55w4o2sjpennv','case.opened','supervisor','evt_pie55w4o2sjpennv','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','case_q2w337qpbidtfr3j','{"by":"guest","session":null}','case_q2w337qpbidtfr3j',NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(2,'evt_3xscan3li7u6sc52','turn.taken','supervisor','evt_3xscan3li7u6sc52','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','berthing','{"asked_by":[],"attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"model_calls":1,"moves":1,"round":1}','case_q2w337qpbidtfr3j','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(3,'evt_tzge5gpyqvf5a5yw','case.ended','supervisor','evt_tzge5gpyqvf5a5yw','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','case_q2w337qpbidtfr3j','{"code":null,"status":"done"}','case_q2w337qpbidtfr3j',NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(4,'evt_xxeppyyzlu7ykua7','case.opened','supervisor','evt_xxeppyyzlu7ykua7','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','case_27j3u2e2qb5vtgyk','{"by":"guest","session":null}','case_27j3u2e2qb5vtgyk',NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(5,'evt_va36mtivsc4fzb4e','turn.taken','supervisor','evt_va36mtivsc4fzb4e','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','berthing','{"asked_by":[],"attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"model_calls":1,"moves":1,"round":1}','case_27j3u2e2qb5vtgyk','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(6,'evt_sys3psolm6vaeu2e','approval.requested','supervisor','evt_sys3psolm6vaeu2e','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','esc_ysurwy2zc7x52l5v','{"due_at":"2026-05-04T04:15:00Z","escalation":"esc_ysurwy2zc7x52l5v","reason":"shift_visit needs the signature of berth_master","role":"berth_master","summary":"Shift V-1 to B2 from 2026-05-06T06:00:00Z"}','case_27j3u2e2qb5vtgyk','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(7,'evt_nsdjlkdctpdsxbcq','action.escalated','supervisor','evt_nsdjlkdctpdsxbcq','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','visit/V-1','{"action":"shift_visit","code":"shift_visit","key":"case_27j3u2e2qb5vtgyk/1/berthing/0","reason":"berth_master is asked: shift_visit needs the signature of berth_master"}','case_27j3u2e2qb5vtgyk','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(8,'evt_ccr7smmlic7klilv','pull.set','supervisor','pull/1','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','berthing','{"by":"a.vos","reason":"fog","role":"harbour_master","scope":"berthing"}',NULL,NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(9,'evt_dugyvxu3da265jf2','case.opened','supervisor','evt_dugyvxu3da265jf2','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','case_2mxjk3p5y5pbwvhd','{"by":"guest","session":null}','case_2mxjk3p5y5pbwvhd',NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(10,'evt_4hqz4m4pgfj3ghju','turn.taken','supervisor','evt_4hqz4m4pgfj3ghju','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','berthing','{"asked_by":[],"attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"model_calls":1,"moves":1,"round":1}','case_2mxjk3p5y5pbwvhd','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(11,'evt_fzcto2w5u5npcge5','question.requested','supervisor','evt_fzcto2w5u5npcge5','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','esc_hw7epywiththz5l6','{"due_at":"2026-05-04T04:15:00Z","escalation":"esc_hw7epywiththz5l6","reason":"pulled","role":"berth_master","summary":"berthing is pulled, and berthing wants: Berth V-2 at B3 from 2026-05-04T10:00:00Z. Pulled by a.vos (harbour_master) since Mon 2026-05-04 06:00 CEST: fog"}','case_2mxjk3p5y5pbwvhd','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(12,'evt_6inbsweagmfivmvs','action.escalated','supervisor','evt_6inbsweagmfivmvs','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','assign_berth','{"action":"assign_berth","code":"pulled","key":"case_2mxjk3p5y5pbwvhd/1/berthing/0","reason":"berth_master is asked: berthing is pulled"}','case_2mxjk3p5y5pbwvhd','berthing','quay',NULL,0);
INSERT INTO "events" VALUES(13,'evt_ge6qnqe5xmiwuss2','pull.released','supervisor','pull/1','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','berthing','{"by":"a.vos","reason":"clear","role":"harbour_master","scope":"berthing","stood_s":0}',NULL,NULL,NULL,NULL,0);
INSERT INTO "events" VALUES(14,'evt_hekjnfq2adcdwhlg','ship.announced','radio','1','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','visit/V-3','{"arrives":"2026-05-04T10:00:00Z","draught_dm":90,"hours":6,"length_m":200,"power_kw":500,"promised":false,"ship":"Castor","visit":"V-3"}',NULL,'berthing','quay',NULL,0);
INSERT INTO "events" VALUES(15,'evt_664rqbslo6nhojsn','case.opened','supervisor','evt_664rqbslo6nhojsn','2026-05-04T04:00:00Z','2026-05-04T04:00:00Z','case_63yykr2gzioyfhlw','{"fact":"evt_hekjnfq2adcdwhlg"}','case_63yykr2gzioyfhlw',NULL,NULL,NULL,0);
CREATE TABLE good_answers (
  caller TEXT NOT NULL,
  callee TEXT NOT NULL,
  request TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  data TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (caller, callee, request, params_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (source, source_id)
) STRICT;
INSERT INTO "inbox" VALUES(1,'line','1','text','{"person":"guest","text":"Where is V-1?"}');
INSERT INTO "inbox" VALUES(2,'line','2','text','{"person":"guest","text":"Move V-1 to B2 from 2026-05-06 08:00"}');
INSERT INTO "inbox" VALUES(3,'line','3','text','{"person":"guest","text":"Lay V-2 at B3 from 2026-05-04 12:00"}');
INSERT INTO "inbox" VALUES(4,'radio','1','fact','{"occurred":"2026-05-04T04:00:00Z","type":"ship.announced"}');
CREATE TABLE leases (
  case_id TEXT PRIMARY KEY,
  token INTEGER NOT NULL CHECK (token > 0),
  host TEXT,
  pid INTEGER,
  started TEXT,
  expires REAL NOT NULL,
  CHECK ((host IS NULL) = (pid IS NULL) AND (host IS NULL) = (started IS NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO "leases" VALUES('case_27j3u2e2qb5vtgyk',1,NULL,NULL,NULL,0.0);
INSERT INTO "leases" VALUES('case_2mxjk3p5y5pbwvhd',1,NULL,NULL,NULL,0.0);
INSERT INTO "leases" VALUES('case_q2w337qpbidtfr3j',1,NULL,NULL,NULL,0.0);
CREATE TABLE lookups (
  type TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (type, field, value, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "lookups" VALUES('visit','berth','"B1"','V-1');
INSERT INTO "lookups" VALUES('visit','berth','null','V-2');
INSERT INTO "lookups" VALUES('visit','berth','null','V-3');
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "meta" VALUES('clock','2026-05-04T04:00:00Z');
INSERT INTO "meta" VALUES('floor','harbour');
INSERT INTO "meta" VALUES('lineage','1a38c6720befc8329f74fad587646cfd');
INSERT INTO "meta" VALUES('next/line','4');
INSERT INTO "meta" VALUES('registry/sha256:68910f783c68947429ed998c31bd74a4337954ba77d2ef595d8107d1df487fa2','2026-05-04T04:00:00Z');
INSERT INTO "meta" VALUES('schema','6');
INSERT INTO "meta" VALUES('seeded','2026-05-04T04:00:00Z');
INSERT INTO "meta" VALUES('version','sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2');
INSERT INTO "meta" VALUES('version/sha256:4c12311a292807304e7302ae8f4d780360749f18588db4fe33e89354035ccaf2','{"action assign_berth":{"claims":"[\"berth\"]","events":"[\"berth.assigned\"]","params.berth":"#686363f8e37c57e8","params.start":"{\"format\": \"date-time\", \"type\": \"string\"}","params.visit":"#2c0c5b47f831c167","writes":"[\"visit\", \"berth\"]"},"action book_pilot":{"claims":"[\"pilot\"]","events":"[\"pilot.booked\"]","params.pilot":"#557f41bdced7daa7","params.start":"{\"format\": \"date-time\", \"type\": \"string\"}","params.visit":"#2c0c5b47f831c167","writes":"[\"passage\"]"},"action book_sounding":{"claims":"[\"berth\"]","events":"[\"sounding.booked\"]","params.berth":"#686363f8e37c57e8","params.end":"{\"format\": \"date-time\", \"type\": \"string\"}","params.start":"{\"format\": \"date-time\", \"type\": \"string\"}","writes":"[\"sounding\"]"},"action shift_visit":{"claims":"[\"berth\"]","events":"[\"visit.shifted\"]","params.berth":"#686363f8e37c57e8","params.start":"{\"format\": \"date-time\", \"type\": \"string\"}","params.visit":"#2c0c5b47f831c167","writes":"[\"visit\", \"berth\"]"},"agent berthing":{"agent":"berthing","authority.level":"3","authority.owns":"[\"berth\", \"visit\"]","capability_scope.can":"[\"assign_berth\", \"shift_visit\"]","capability_scope.cannot":"[\"book_sounding\"]","capability_scope.reads":"[\"berth\", \"visit\", \"sounding\"]","context.budget_tokens":"4000","escalation_path.after_retries":"2","escalation_path.to":"[\"berth_master\", \"harbour_master\"]","input_schema.events.hear":"[\"ship.announced\"]","input_schema.events.project":"[]","input_schema.requests.find_berth.from":"[\"person\"]","input_schema.requests.find_berth.schema.properties.visit.type":"string","input_schema.requests.find_berth.schema.required":"[\"visit\"]","input_schema.requests.find_berth.schema.type":"object","input_schema.requests.find_gap.from":"[\"fairway\"]","input_schema.requests.find_gap.schema.properties.berth.type":"string","input_schema.requests.find_gap.schema.properties.earliest.format":"date-time","input_schema.requests.find_gap.schema.properties.earliest.type":"string","input_schema.requests.find_gap.schema.properties.latest.format":"date-time","input_schema.requests.find_gap.schema.properties.latest.type":"string","input_schema.requests.find_gap.schema.properties.minutes.minimum":"1","input_schema.requests.find_gap.schema.properties.minutes.type":"integer","input_schema.requests.find_gap.schema.required":"[\"berth\", \"minutes\", \"earliest\", \"latest\"]","input_schema.requests.find_gap.schema.type":"object","lane":"quay","mode":"active","output_schema.answers.find_berth.properties.berth.type":"string","output_schema.answers.find_berth.properties.start.type":"string","output_schema.answers.find_berth.required":"[\"berth\", \"start\"]","output_schema.answers.find_berth.type":"object","output_schema.answers.find_gap.properties.end.type":"string","output_schema.answers.find_gap.properties.start.type":"string","output_schema.answers.find_gap.required":"[\"start\", \"end\"]","output_schema.answers.find_gap.type":"object","output_schema.errors":"[\"no_gap\", \"unclear\"]","output_schema.events":"[\"berth.assigned\", \"visit.shifted\"]","purpose":"#df5e9e8c141672d4","timeout_policy.call_s":"20","timeout_policy.event_s":"60","version":"1"},"agent fairway":{"agent":"fairway","authority.level":"4","authority.owns":"[\"pilot\", \"passage\", \"sounding\"]","capability_scope.asks.berthing":"[\"find_gap\"]","capability_scope.can":"[\"book_pilot\", \"book_sounding\"]","capability_scope.cannot":"[\"shift_visit\"]","capability_scope.reads":"[\"berth\", \"visit\", \"pilot\", \"passage\", \"sounding\"]","context.budget_tokens":"4000","escalation_path.after_retries":"1","escalation_path.to":"[\"pilot_master\", \"harbour_master\"]","input_schema.events.hear":"[\"ship.announced\", \"sounding.due\"]","input_schema.events.project":"[\"visit.shifted\"]","input_schema.requests.sound_berth.from":"[\"person\"]","input_schema.requests.sound_berth.schema.properties.berth.type":"string","input_schema.requests.sound_berth.schema.required":"[\"berth\"]","input_schema.requests.sound_berth.schema.type":"object","lane":"water","mode":"active","output_schema.answers.sound_berth.properties.end.type":"string","output_schema.answers.sound_berth.properties.start.type":"string","output_schema.answers.sound_berth.required":"[\"start\", \"end\"]","output_schema.answers.sound_berth.type":"object","output_schema.errors":"[\"closed\", \"no_pilot\", \"unclear\"]","output_schema.events":"[\"pilot.booked\", \"sounding.booked\"]","purpose":"#50a2a5b3df03bb0b","timeout_policy.call_s":"20","timeout_policy.event_s":"60","version":"1"},"approval shift_visit":{"edit":"never","expires_s":"86400","irreversible":"false","ladder":"#ee029c56707a6be5","meaning":"approval","on_exhausted":"reject","quorum":"1","reject_options":"[]","repeat_after_s":"3600","separate":"false"},"code agents/berthing/policy.py":{"":"5e220bd3f9ae250d"},"code agents/fairway/policy.py":{"":"e2981dd08e21258e"},"code tools/actions.py":{"":"4acc411800e583e1"},"code tools/floor.py":{"":"c5e2cc41a7ba7fa1"},"code tools/queries.py":{"":"bc71743520b6595d"},"code tools/resources.py":{"":"fa785ad705638aea"},"code tools/words.py":{"":"eb55be7fc96d5b81"},"engine":{"nodes":"intake gate escalate reply","state":"case next round schema_version waiting","state_schema":"1","version":"0.1.0"},"floor.yaml":{"clock":"floor","clock_start":"2026-05-04T04:00:00Z","engine.answer_s":"900","engine.breaker.bad_percent":"50","engine.breaker.cooldown_s":"30","engine.breaker.failures":"3","engine.breaker.min_calls":"10","engine.breaker.window":"20","fact_window_s":"86400","floor":"harbour","identity":"claimed","limits.answers_per_exchange":"3","limits.attempts":"3","limits.causal_depth":"6","limits.open_escalations":"5","limits.proposals":"20","limits.rereads":"3","limits.rounds":"8","models.agents":"large","models.router":"small","models.tiers.large":"offline","models.tiers.small":"offline","purpose":"#7757b98adfc17b4a","topology":"hybrid","version":"1","watch.case_age_s":"28800","watch.causal_depth":"4","watch.events_per_minute":"1200","watch.loops_cut":"3","watch.min_calls":"20","watch.open_breakers":"0","watch.retry_percent":"5","watch.window_turns":"200","zone":"Europe/Amsterdam"},"invariant visit_span":{"type":"visit"},"lane quay":{},"lane water":{},"person a.vos":{"id":"a.vos","name":"Anna Vos","roles":"[\"harbour_master\"]"},"person j.smit":{"id":"j.smit","name":"Joost Smit","roles":"[\"pilot_master\"]"},"person k.maes":{"id":"k.maes","name":"Koen Maes","roles":"[\"berth_master\"]"},"prompt of berthing":{"":"d7bfcd5b28b3b4c5"},"prompt of fairway":{"":"e1241011072bd10e"},"resource berth":{"fields.depth_dm":"#d9b436f4e7fcd9bd","fields.length_m":"#d9b436f4e7fcd9bd","fields.sounded":"#7aa9f56561c94c4d","power_kw":"[0, null]"},"resource passage":{"fields.end":"{\"format\": \"date-time\", \"type\": \"string\"}","fields.pilot":"#557f41bdced7daa7","fields.start":"{\"format\": \"date-time\", \"type\": \"string\"}","fields.visit":"#2c0c5b47f831c167"},"resource pilot":{"fields.max_length_m":"#d9b436f4e7fcd9bd","fields.name":"{\"maxLength\": 80, \"type\": \"string\"}"},"resource sounding":{"fields.berth":"#686363f8e37c57e8","fields.end":"{\"format\": \"date-time\", \"type\": \"string\"}","fields.start":"{\"format\": \"date-time\", \"type\": \"string\"}"},"resource visit":{"fields.arrives":"{\"format\": \"date-time\", \"type\": \"string\"}","fields.berth":"#a7281c3c2ba52ec1","fields.draught_dm":"#d9b436f4e7fcd9bd","fields.end":"#7aa9f56561c94c4d","fields.hours":"{\"maximum\": 240, \"minimum\": 1, \"type\": \"integer\"}","fields.length_m":"#d9b436f4e7fcd9bd","fields.power_kw":"#836e38582e595cb8","fields.promised":"{\"type\": \"boolean\"}","fields.ship":"{\"maxLength\": 80, \"type\": \"string\"}","fields.start":"#7aa9f56561c94c4d"},"role berth_master":{},"role harbour_master":{},"role pilot_master":{},"rule enough_water":{}}');
CREATE TABLE outbox (
  event_seq INTEGER PRIMARY KEY REFERENCES events (seq),
  delivered_at TEXT
) STRICT;
INSERT INTO "outbox" VALUES(1,NULL);
INSERT INTO "outbox" VALUES(2,NULL);
INSERT INTO "outbox" VALUES(3,NULL);
INSERT INTO "outbox" VALUES(4,NULL);
INSERT INTO "outbox" VALUES(5,NULL);
INSERT INTO "outbox" VALUES(6,NULL);
INSERT INTO "outbox" VALUES(7,NULL);
INSERT INTO "outbox" VALUES(8,NULL);
INSERT INTO "outbox" VALUES(9,NULL);
INSERT INTO "outbox" VALUES(10,NULL);
INSERT INTO "outbox" VALUES(11,NULL);
INSERT INTO "outbox" VALUES(12,NULL);
INSERT INTO "outbox" VALUES(13,NULL);
INSERT INTO "outbox" VALUES(14,NULL);
INSERT INTO "outbox" VALUES(15,NULL);
CREATE TABLE parked (
  source TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  number INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  body TEXT NOT NULL,
  parked_s REAL NOT NULL,
  PRIMARY KEY (source, aggregate, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE passes (
  case_id TEXT NOT NULL,
  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),
  round INTEGER NOT NULL CHECK (round >= 0),
  at TEXT NOT NULL,
  reads TEXT NOT NULL,
  route TEXT NOT NULL,
  token INTEGER CHECK (token > 0), clock_s REAL,
  PRIMARY KEY (case_id, pass_no)
) STRICT, WITHOUT ROWID;
INSERT INTO "passes" VALUES('case_27j3u2e2qb5vtgyk',1,1,'2026-05-04T04:00:00Z','{"berth/B1":0,"berth/B2":0,"visit/V-1":0}','escalate',1,1.79574564123049163822e+09);
INSERT INTO "passes" VALUES('case_2mxjk3p5y5pbwvhd',1,1,'2026-05-04T04:00:00Z','{"berth/B3":0,"pull/berthing":1,"visit/V-2":0}','escalate',1,1.79574564138762569429e+09);
INSERT INTO "passes" VALUES('case_q2w337qpbidtfr3j',1,1,'2026-05-04T04:00:00Z','{}','reply',1,1.79574564107850122448e+09);
CREATE TABLE pulls (
  seq INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  pulled_by TEXT NOT NULL,
  role TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  released_by TEXT,
  released_at TEXT,
  release_reason TEXT,
  CHECK ((released_by IS NULL) = (released_at IS NULL) AND (released_by IS NULL) = (release_reason IS NULL))
) STRICT;
INSERT INTO "pulls" VALUES(1,'berthing','a.vos','harbour_master','fog','2026-05-04T04:00:00Z','a.vos','2026-05-04T04:00:00Z','clear');
CREATE TABLE receivers (
  name TEXT PRIMARY KEY,
  since_seq INTEGER NOT NULL CHECK (since_seq >= 0),
  spread_seq INTEGER NOT NULL,
  wanted TEXT NOT NULL,
  wanted_seq INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  stopped TEXT,
  CHECK (spread_seq >= since_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE reservations (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  day TEXT NOT NULL,
  tokens INTEGER NOT NULL CHECK (tokens >= 0),
  usd TEXT NOT NULL,
  made_s REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE resources (
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  body TEXT NOT NULL,
  row_hash TEXT NOT NULL,
  PRIMARY KEY (type, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "resources" VALUES('berth','B1',0,'{"depth_dm":140,"length_m":300}','sha256:04906b39c668c78d146285ce76b755b4205a7f5478bdc26b4ba2843cc8bd9f2a');
INSERT INTO "resources" VALUES('berth','B2',0,'{"depth_dm":110,"length_m":220}','sha256:0fc9fe38250c1a5a2829b73da8fc57b65bbdf54e5d8e51af5bf00075e7e4b0cc');
INSERT INTO "resources" VALUES('berth','B3',0,'{"depth_dm":80,"length_m":180}','sha256:2267b969c177d12a6b21753200351e1f217339db10b50b116aef4f470daa1fc7');
INSERT INTO "resources" VALUES('pilot','P1',0,'{"max_length_m":300,"name":"Maud"}','sha256:5344a788a7966b5fa99b83ac32874affdce9d1f335526104324a4babf6cd6af9');
INSERT INTO "resources" VALUES('pilot','P2',0,'{"max_length_m":200,"name":"Teun"}','sha256:a2f8a716cd2aac3d1cc9b5a74d14f5cb20d12ff718135ebb7b9aa6e2aa62a57b');
INSERT INTO "resources" VALUES('sounding','S-1',0,'{"berth":"B2","end":"2026-05-04T15:00:00Z","start":"2026-05-04T11:00:00Z"}','sha256:678ec297d871e47492bae6411243ef7eedca3f8d0dbf461cef09bb4c115c2edb');
INSERT INTO "resources" VALUES('visit','V-1',0,'{"arrives":"2026-05-04T06:00:00Z","berth":"B1","draught_dm":70,"end":"2026-05-05T06:00:00Z","hours":24,"length_m":170,"power_kw":300,"promised":true,"ship":"Aurora","start":"2026-05-04T06:00:00Z"}','sha256:3780b44b0d1dec14d6f04f801c34510cb8610aa4e8514dec432a07b944cdaaa6');
INSERT INTO "resources" VALUES('visit','V-2',0,'{"arrives":"2026-05-04T10:00:00Z","draught_dm":60,"hours":6,"length_m":150,"power_kw":100,"promised":false,"ship":"Bolder"}','sha256:c3d9723d41c1c23537bfd72c44266889037f784ddc4d8907cc5e66e8d942c1b7');
INSERT INTO "resources" VALUES('visit','V-3',0,'{"arrives":"2026-05-04T10:00:00Z","draught_dm":90,"hours":6,"length_m":200,"power_kw":500,"promised":false,"ship":"Castor"}','sha256:54da9cc67468124ea3c8bb5b2906dd27d4e64d58cad7cb18b2578dc5b02e5e17');
CREATE TABLE spending (
  scope TEXT PRIMARY KEY,
  tokens INTEGER NOT NULL CHECK (tokens >= 0),
  usd TEXT NOT NULL,
  wall_ms INTEGER NOT NULL CHECK (wall_ms >= 0),
  exhausted TEXT
) STRICT, WITHOUT ROWID;
CREATE TABLE turn_slots (
  seq INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  at_s REAL NOT NULL
) STRICT;
CREATE TABLE turns (
  case_id TEXT NOT NULL,
  round INTEGER NOT NULL CHECK (round >= 0),
  agent TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (case_id, round, agent)
) STRICT, WITHOUT ROWID;
INSERT INTO "turns" VALUES('case_27j3u2e2qb5vtgyk',0,'router','{"agent":"router","chosen":"berthing"}');
INSERT INTO "turns" VALUES('case_27j3u2e2qb5vtgyk',1,'berthing','{"agent":"berthing","attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"moves":[{"kind":"shift_visit","move":"propose","params":{"berth":"B2","start":"2026-05-06T06:00:00Z","visit":"V-1"}}],"pace":"","reads":{"berth/B2":0,"visit/V-1":0},"usage":{"cost_usd":"0","input_tokens":415,"model_calls":1,"output_tokens":18}}');
INSERT INTO "turns" VALUES('case_2mxjk3p5y5pbwvhd',0,'router','{"agent":"router","chosen":"berthing"}');
INSERT INTO "turns" VALUES('case_2mxjk3p5y5pbwvhd',1,'berthing','{"agent":"berthing","attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"moves":[{"kind":"assign_berth","move":"propose","params":{"berth":"B3","start":"2026-05-04T10:00:00Z","visit":"V-2"}}],"pace":"","reads":{"berth/B3":0,"visit/V-2":0},"usage":{"cost_usd":"0","input_tokens":396,"model_calls":1,"output_tokens":19}}');
INSERT INTO "turns" VALUES('case_q2w337qpbidtfr3j',0,'router','{"agent":"router","chosen":"berthing"}');
INSERT INTO "turns" VALUES('case_q2w337qpbidtfr3j',1,'berthing','{"agent":"berthing","attempts":1,"detail":"","dropped":[],"endpoint":null,"failure":null,"moves":[{"clarify":false,"code":null,"move":"reply","text":"Aurora has B1 until 2026-05-05T06:00:00Z."}],"pace":"","reads":{"visit/V-1":0},"usage":{"cost_usd":"0","input_tokens":391,"model_calls":1,"output_tokens":22}}');
CREATE TABLE verdicts (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  case_id TEXT NOT NULL,
  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),
  round INTEGER NOT NULL CHECK (round >= 0),
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  resource TEXT NOT NULL,
  verdict TEXT NOT NULL,
  code TEXT,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  params_hash TEXT NOT NULL
) STRICT;
INSERT INTO "verdicts" VALUES(1,'case_27j3u2e2qb5vtgyk/1/berthing/0','case_27j3u2e2qb5vtgyk',1,1,'berthing','shift_visit','{"berth":"B2","start":"2026-05-06T06:00:00Z","visit":"V-1"}','visit/V-1','escalated','shift_visit','berth_master is asked: shift_visit needs the signature of berth_master','2026-05-04T04:00:00Z','sha256:ea73e72b02b69c67b29c5b44c10604fdece93e0e62012e907a5d550069b030b0');
INSERT INTO "verdicts" VALUES(2,'case_2mxjk3p5y5pbwvhd/1/berthing/0','case_2mxjk3p5y5pbwvhd',1,1,'berthing','assign_berth','{"berth":"B3","start":"2026-05-04T10:00:00Z","visit":"V-2"}','','escalated','pulled','berth_master is asked: berthing is pulled','2026-05-04T04:00:00Z','sha256:d14b671a6bad876dfc018098493158439afb5ab3a18966d990497f1b756174cf');
CREATE TABLE writes (
  seq INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  body TEXT NOT NULL,
  balances TEXT NOT NULL,
  deltas TEXT NOT NULL,
  author TEXT NOT NULL,
  cause TEXT NOT NULL,
  row_hash TEXT NOT NULL,
  UNIQUE (type, key, version)
) STRICT;
INSERT INTO "writes" VALUES(1,'berth','B1',0,'{"depth_dm":140,"length_m":300}','{"power_kw":2000}','{}','berthing','seed','sha256:04906b39c668c78d146285ce76b755b4205a7f5478bdc26b4ba2843cc8bd9f2a');
INSERT INTO "writes" VALUES(2,'berth','B2',0,'{"depth_dm":110,"length_m":220}','{"power_kw":800}','{}','berthing','seed','sha256:0fc9fe38250c1a5a2829b73da8fc57b65bbdf54e5d8e51af5bf00075e7e4b0cc');
INSERT INTO "writes" VALUES(3,'berth','B3',0,'{"depth_dm":80,"length_m":180}','{"power_kw":400}','{}','berthing','seed','sha256:2267b969c177d12a6b21753200351e1f217339db10b50b116aef4f470daa1fc7');
INSERT INTO "writes" VALUES(4,'pilot','P1',0,'{"max_length_m":300,"name":"Maud"}','{}','{}','fairway','seed','sha256:5344a788a7966b5fa99b83ac32874affdce9d1f335526104324a4babf6cd6af9');
INSERT INTO "writes" VALUES(5,'pilot','P2',0,'{"max_length_m":200,"name":"Teun"}','{}','{}','fairway','seed','sha256:a2f8a716cd2aac3d1cc9b5a74d14f5cb20d12ff718135ebb7b9aa6e2aa62a57b');
INSERT INTO "writes" VALUES(6,'visit','V-1',0,'{"arrives":"2026-05-04T06:00:00Z","berth":"B1","draught_dm":70,"end":"2026-05-05T06:00:00Z","hours":24,"length_m":170,"power_kw":300,"promised":true,"ship":"Aurora","start":"2026-05-04T06:00:00Z"}','{}','{}','berthing','seed','sha256:3780b44b0d1dec14d6f04f801c34510cb8610aa4e8514dec432a07b944cdaaa6');
INSERT INTO "writes" VALUES(7,'visit','V-2',0,'{"arrives":"2026-05-04T10:00:00Z","draught_dm":60,"hours":6,"length_m":150,"power_kw":100,"promised":false,"ship":"Bolder"}','{}','{}','berthing','seed','sha256:c3d9723d41c1c23537bfd72c44266889037f784ddc4d8907cc5e66e8d942c1b7');
INSERT INTO "writes" VALUES(8,'sounding','S-1',0,'{"berth":"B2","end":"2026-05-04T15:00:00Z","start":"2026-05-04T11:00:00Z"}','{}','{}','fairway','seed','sha256:678ec297d871e47492bae6411243ef7eedca3f8d0dbf461cef09bb4c115c2edb');
INSERT INTO "writes" VALUES(9,'visit','V-3',0,'{"arrives":"2026-05-04T10:00:00Z","draught_dm":90,"hours":6,"length_m":200,"power_kw":500,"promised":false,"ship":"Castor"}','{}','{}','berthing','fact_27xsllxt2yttiufo','sha256:54da9cc67468124ea3c8bb5b2906dd27d4e64d58cad7cb18b2578dc5b02e5e17');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE UNIQUE INDEX cases_source ON cases (source, source_id);
CREATE INDEX cases_runnable ON cases (seq) WHERE runnable = 1;
CREATE INDEX cases_session ON cases (session, seq) WHERE session IS NOT NULL;
CREATE INDEX cases_cause ON cases (cause, seq) WHERE cause IS NOT NULL;
CREATE INDEX cases_status ON cases (status, seq);
CREATE INDEX claims_resource ON claims (resource, end_us, start_us);
CREATE UNIQUE INDEX claims_holder ON claims (holder_type, holder_key, resource, start_us, end_us);
CREATE INDEX writes_cause ON writes (cause);
CREATE INDEX verdicts_case ON verdicts (case_id, seq);
CREATE INDEX commits_case ON commits (case_id, seq);
CREATE INDEX events_case ON events (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX events_type ON events (type, seq);
CREATE INDEX escalations_case ON escalations (case_id, requested_at, id);
CREATE INDEX escalations_open ON escalations (due_at, id) WHERE state = 'pending';
CREATE INDEX escalations_action ON escalations (kind, action_hash) WHERE kind IS NOT NULL;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER turns_no_update BEFORE UPDATE ON turns BEGIN SELECT RAISE(ABORT, 'turns are append-only'); END;
CREATE TRIGGER turns_no_delete BEFORE DELETE ON turns BEGIN SELECT RAISE(ABORT, 'turns are append-only'); END;
CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits BEGIN SELECT RAISE(ABORT, 'commits are append-only'); END;
CREATE TRIGGER commits_no_delete BEFORE DELETE ON commits BEGIN SELECT RAISE(ABORT, 'commits are append-only'); END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER writes_no_update BEFORE UPDATE ON writes BEGIN SELECT RAISE(ABORT, 'writes are append-only'); END;
CREATE TRIGGER writes_no_delete BEFORE DELETE ON writes BEGIN SELECT RAISE(ABORT, 'writes are append-only'); END;
CREATE TRIGGER passes_no_update BEFORE UPDATE ON passes BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END;
CREATE TRIGGER passes_no_delete BEFORE DELETE ON passes BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
  BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_spent_only BEFORE UPDATE ON decisions
WHEN NOT (OLD.spent = 0 AND NEW.spent = 1 AND OLD.seq = NEW.seq AND OLD.escalation = NEW.escalation
  AND OLD.person = NEW.person AND OLD.role = NEW.role AND OLD.decision = NEW.decision AND OLD.at = NEW.at
  AND OLD.action_hash = NEW.action_hash AND OLD.reason = NEW.reason AND OLD.option IS NEW.option
  AND OLD.text = NEW.text AND OLD.name = NEW.name AND OLD.meaning = NEW.meaning AND OLD.channel = NEW.channel)
  BEGIN SELECT RAISE(ABORT, 'a decision can only be spent, once'); END;
CREATE TRIGGER leases_token_grows BEFORE UPDATE ON leases WHEN NEW.token < OLD.token
  BEGIN SELECT RAISE(ABORT, 'a fencing token never goes back'); END;
CREATE INDEX good_answers_age ON good_answers (caller, callee, at);
CREATE INDEX turn_slots_agent ON turn_slots (agent, at_s);
CREATE UNIQUE INDEX pulls_standing ON pulls (scope) WHERE released_at IS NULL;
CREATE UNIQUE INDEX alerts_standing ON alerts (name) WHERE cleared_at IS NULL;
CREATE INDEX events_recorded ON events (recorded) WHERE case_id IS NOT NULL;
CREATE INDEX inbox_texts ON inbox (seq) WHERE kind = 'text';
CREATE TRIGGER pulls_no_delete BEFORE DELETE ON pulls BEGIN SELECT RAISE(ABORT, 'pulls are append-only'); END;
CREATE TRIGGER pulls_released_only BEFORE UPDATE ON pulls
WHEN NOT (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND OLD.seq = NEW.seq AND OLD.scope = NEW.scope
  AND OLD.pulled_by = NEW.pulled_by AND OLD.role = NEW.role AND OLD.reason = NEW.reason AND OLD.at = NEW.at)
  BEGIN SELECT RAISE(ABORT, 'a pull can only be released, once'); END;
CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
CREATE TRIGGER alerts_cleared_only BEFORE UPDATE ON alerts
WHEN NOT (OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL AND OLD.seq = NEW.seq AND OLD.name = NEW.name
  AND OLD.figure = NEW.figure AND OLD.most = NEW.most AND OLD.raised_at = NEW.raised_at)
  BEGIN SELECT RAISE(ABORT, 'an alert can only be cleared, once'); END;
CREATE INDEX deliveries_due ON deliveries (receiver, next_s) WHERE next_s IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (receiver, state, subject, event_seq);
CREATE INDEX reservations_case ON reservations (case_id, id);
COMMIT;
