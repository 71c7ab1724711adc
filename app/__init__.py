"""The leaderboard: a Streamlit app over one published snapshot, which it only reads.

Run with `evalhub serve`, or `streamlit run app/main.py -- --snapshots DIR`.
"""
