"""What chiefs of places do (河长, 断面长, 管长, 点位长, 站点长): warnings told to them, answers, checks."""
