-- Two users, whose passwords are their names, and a post of the first. The
-- hashes are Werkzeug's, with few iterations to be quick.

INSERT INTO user (username, password) VALUES
  ('test', 'pbkdf2:sha256:1000$JdT4AuYRXs4BymPP$ef2d6ac9a41a48d0712e2f71bd3eaaaa3e3932ec9ff4e086617a86275565ea39'),
  ('other', 'pbkdf2:sha256:1000$2VGT1r3o7EcP7PDr$0f839c22d2749220c56a342e7a8ce612480283f0356eb0bba71f5c80b3c51e58');

INSERT INTO post (title, body, author_id, created) VALUES
  ('test title', 'test' || char(10) || 'body', 1, '2018-01-01 00:00:00');
