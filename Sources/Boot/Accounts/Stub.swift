extension AccountPlan {
    package static func plan(_ request: AccountRequest, on files: AccountFiles) throws(AccountRefusals) -> AccountPlan {
        AccountPlan(
            userName: request.userName, userID: request.userID, groupName: request.groupName, groupID: request.groupID,
            home: request.home, shell: request.shell, groups: [], rootGroups: [], files: files, changes: [],
            warnings: [])
    }
}
extension AccountFiles {
    func account(named: String) -> (userID: UInt32, groupID: UInt32)? { nil }
    func groups(ofUserNamed: String) -> [UInt32] { [] }
    func loginShell(ofUserID: UInt32) -> String? { nil }
}
